def _rw_name(kind):
    try:
        return kind.__name__
    except AttributeError:
        text = str(kind)
        if text[:8] != "<class '":
            raise
        return text[8:-2]
