"""The held-out tasks of the small instance, in a module without imports."""

#: Class numbers of each task: of one source 4 to 9, of the other 14 to 19, are the numerals 4 to 9.
#: No two tasks share a class, no training task has one of these numerals.
HELD_OUT = ((4, 5, 16, 17), (6, 7, 18, 19), (8, 9, 14, 15))
#: The task that is searched.
UNSEEN_CLASSES = HELD_OUT[0]
