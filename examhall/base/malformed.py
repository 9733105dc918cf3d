"""What is wrong with one field of a body, in a sentence that can be translated, as pydantic's cannot."""

from collections.abc import Mapping
from typing import Any

from examhall.base.said import said

# Pydantic's sentences by its stable types of error, {names} being what it knows besides. What is not here
# comes as pydantic has it.
SENTENCES: Mapping[str, str] = {
    "missing": "Field required",
    "extra_forbidden": "Extra inputs are not permitted",
    "json_invalid": "JSON decode error",
    "none_required": "Input should be None",
    "string_type": "Input should be a valid string",
    "string_pattern_mismatch": "String should match pattern '{pattern}'",
    "string_too_short": "Too short: at least {min_length} characters are needed",
    "string_too_long": "Too long: at most {max_length} characters are possible",
    "too_short": "Too few: at least {min_length} are needed, here are {actual_length}",
    "too_long": "Too many: at most {max_length} are possible",
    "int_type": "Input should be a valid integer",
    "int_parsing": "Input should be a valid integer, unable to parse string as an integer",
    "int_from_float": "Input should be a valid integer, got a number with a fractional part",
    "int_parsing_size": "The number is too large",
    "float_type": "Input should be a valid number",
    "float_parsing": "Input should be a valid number, unable to parse string as a number",
    "finite_number": "Input should be a finite number",
    "decimal_type": "Input should be a valid number",
    "decimal_parsing": "Input should be a valid number",
    "greater_than": "Input should be greater than {gt}",
    "greater_than_equal": "Input should be greater than or equal to {ge}",
    "less_than": "Input should be less than {lt}",
    "less_than_equal": "Input should be less than or equal to {le}",
    "multiple_of": "Input should be a multiple of {multiple_of}",
    "bool_type": "Input should be true or false",
    "bool_parsing": "Input should be true or false",
    "dict_type": "Input should be an object",
    "model_attributes_type": "Input should be an object",
    "model_type": "Input should be an object",
    "list_type": "Input should be a list",
    "tuple_type": "Input should be a list",
    "set_type": "Input should be a list",
    "literal_error": "Input should be one of: {expected}",
    "enum": "Input should be one of: {expected}",
    "datetime_type": "Input should be a date and time",
    "datetime_parsing": "Input should be a date and time",
    "datetime_from_date_parsing": "Input should be a date and time",
    "timezone_aware": "The time needs its zone, such as Z or +05:00",
    "date_type": "Input should be a date",
    "date_parsing": "Input should be a date",
    "date_from_datetime_parsing": "Input should be a date",
    "uuid_parsing": "Input should be a UUID",
    "uuid_type": "Input should be a UUID",
    "url_parsing": "Input should be an address such as https://example.org",
    "bytes_type": "Input should be bytes",
}


def said_of(found: Mapping[str, Any]) -> str:
    """One of pydantic's errors as a sentence."""
    known = found.get("ctx") or {}
    if found["type"] == "value_error" and (words := getattr(known.get("error"), "args", ())):
        # A validator of ours.
        return words[0] if isinstance(words[0], str) else str(words[0])
    try:
        return said(SENTENCES[found["type"]], **known)
    except KeyError:
        return str(found["msg"])
