#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace stockpot::io {

enum class Durability { fsync, none };
enum class ExistingOutput { refuse, resume, overwrite };

/// What an output is in the end: a folder, or one file that is made in the partial folder and moved out of
/// it.
enum class OutputKind { folder, file };

/// What stands at a target when a job begins.
enum class FolderState { fresh, partial, finished };

/// The life of one output on its way to `target`: everything is written to a partial folder beside it
/// (`.<name>.partial`), and `publish` is one rename. Used by rank 0 only; other ranks just need
/// `partial_path`.
///
/// Lock: `<partial>/lock` holds host, process id, job id and what tells this process from a later one with
/// the same id, and is touched every 10 s by a thread of its own. A holder on this host that is gone is taken
/// over at once. Otherwise the folder is watched for up to 60 s: a touch means Error{usage} naming the
/// holder, none means taken over, by creating `lock.1` (then `lock.2`, ...) beside the dead one. No two
/// claimants ever both succeed: every step creates a name that must be free. The lock moves with the folder
/// on `publish` and is removed last.
class OutputFolder {
 public:
  struct Options {
    ExistingOutput existing = ExistingOutput::refuse;
    Durability durability = Durability::fsync;
    double heartbeat_seconds = 10.0;
    double takeover_seconds = 60.0;
    OutputKind kind = OutputKind::folder;
  };

  /// Claims the target, creating missing parent folders. An empty folder at the target counts as nothing.
  /// Throws Error{usage} for a target without a name of its own, for anything there that is no finished
  /// output (a file, a symbolic link, another folder; in every mode), and with `refuse` for a finished output
  /// or an unfinished one of an earlier job; Error{system_io} when the parent can't be written. With `resume`
  /// a finished output is left alone (`state() == finished`, nothing locked) and an unfinished one kept
  /// (`state() == partial`); with `overwrite` an unfinished one is emptied.
  static OutputFolder claim(const std::filesystem::path& target, const Options& options);
  OutputFolder(OutputFolder&&) noexcept;
  OutputFolder& operator=(OutputFolder&&) noexcept;
  ~OutputFolder();  ///< releases the lock; keeps what was written

  [[nodiscard]] FolderState state() const noexcept;
  [[nodiscard]] const std::filesystem::path& path() const noexcept;  ///< the partial folder
  /// Throws Error{system_io} if another job took the lock meanwhile.
  void check_still_held() const;
  /// Removes the journal, syncs the folder (with `fsync`; files must have been synced), moves a finished
  /// target aside (with `overwrite`), renames, syncs the parent, removes the lock, deletes what was moved
  /// aside.
  void publish();
  /// For outputs that are one file: moves `name` out of the partial folder to the target, replacing an old
  /// one, and deletes the rest.
  void publish_file(const std::string& name);
  /// Deletes the partial folder: nothing that looks like an output remains.
  void discard() noexcept;

 private:
  struct State;
  explicit OutputFolder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The partial folder that `claim(target)` uses.
std::filesystem::path partial_path(const std::filesystem::path& target);
/// A finished output has a manifest in it.
bool is_finished_output(const std::filesystem::path& folder);
/// Name of the manifest in an output folder.
inline constexpr const char* manifest_name = "stockpot_manifest.json";

}  // namespace stockpot::io
