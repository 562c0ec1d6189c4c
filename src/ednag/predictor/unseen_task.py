"""The task on which the small instance is searched; apart, so that naming it imports nothing."""

#: Class numbers: numerals 7, 8 and 9, of which no class is in any task that the small predictor was
#: trained on.
UNSEEN_CLASSES = (7, 8, 9, 18, 19)
