"""What an action does to its resource, by its verb: for its manner in words, and for FHIR."""

READING = ("read", "list", "search", "find", "export")
CREATING = (
    "appeal",
    "apply",
    "ask",
    "book",
    "claim",
    "create",
    "give",
    "grant",
    "invite",
    "issue",
    "join",
    "open",
    "place",
    "prepare",
    "propose",
    "question",
    "record",
    "refer",
    "register",
    "request",
)
# Shows the organisation; the other things that are administered are changed by the same action.
SHOWN = ("directory:administer",)


def kind_of(action: str) -> str:
    """R, C or U: what an action does to its resource. Nothing of the portal deletes."""
    verb = action.partition(":")[2].partition("-")[0]
    if verb in READING or action in SHOWN:
        return "R"
    return "C" if verb in CREATING else "U"
