"""The merge methods in NumPy, float64, written apart from the program that they check.

A method takes a `scopes.Scope` (the tensors that share statistics) and its parameters and returns the merged values of
every tensor, not yet rounded to the stored type. Operations stand in the order that is stated for the method, sums over
models run left to right and begin at the first term that counts. Sums over elements are exact (math.fsum): another
correct order of summation differs by less than what `reductions.reduced` varies on demand.
"""
