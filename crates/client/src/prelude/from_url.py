def _rw_from_url(url, **kwargs):
    kwargs['url'] = url
    return _rw_Redis(**kwargs)
