def _rw_nothing(self, *args, **kwargs):
    pass
