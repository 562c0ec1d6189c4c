"""The task on which the small instance is searched, in a module without imports."""

#: Class numbers of numerals 7, 8 and 9, which are in no training task of the small predictor.
UNSEEN_CLASSES = (7, 8, 9, 18, 19)
