"""A second reading of the Majlis specification, for checking its vectors. Shares no code with the first."""


class Refused(Exception):
    """Bytes that are not what they should be; the text is the error's name in the specification."""
