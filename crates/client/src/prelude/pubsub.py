class PubSub:
    def __init__(self, client, ignore_subscribe_messages=False):
        self._id = client._id
        self._connection = None
        self.ignore_subscribe_messages = ignore_subscribe_messages
        self.subscribed = False
        self.channels = {}
        self.patterns = {}
        self._leaving = []
    def __enter__(self):
        return self
    def __exit__(self, kind, raised, traceback):
        self.reset()
    def reset(self):
        if self._connection is not None:
            _rw_hang_up(_rw_known, self._id, self._connection)
        self._connection = None
        self.subscribed = False
        self.channels = {}
        self.patterns = {}
        self._leaving = []
    def close(self):
        self.reset()
    def _tell(self, *words):
        if self._connection is None:
            self._connection = _rw_take(_rw_known, self._id)
        try:
            _rw_tell(_rw_known, self._id, self._connection, words)
        except Exception:
            self._connection = None
            raise
    def _join(self, command, known, names, handlers):
        new = {}
        for name in names:
            for one in (name if type(name) in (list, tuple, set) else (name,)):
                new[_rw_channel(_rw_known, self._id, one)] = None
        for name, handler in handlers.items():
            new[_rw_channel(_rw_known, self._id, name)] = handler
        self._tell(command, *new.keys())
        known.update(new)
        self._leaving = [one for one in self._leaving if one not in [(command, name) for name in new]]
        self.subscribed = True
    def _leave(self, command, known, names):
        gone = []
        for name in names:
            for one in (name if type(name) in (list, tuple, set) else (name,)):
                gone.append(_rw_channel(_rw_known, self._id, one))
        self._leaving.extend([(command.replace('un', ''), name) for name in (gone or list(known.keys()))])
        if self._connection is not None:
            self._tell(command, *gone)
    def subscribe(self, *args, **kwargs):
        self._join('subscribe', self.channels, args, kwargs)
    def psubscribe(self, *args, **kwargs):
        self._join('psubscribe', self.patterns, args, kwargs)
    def unsubscribe(self, *args):
        self._leave('unsubscribe', self.channels, args)
    def punsubscribe(self, *args):
        self._leave('punsubscribe', self.patterns, args)
    def ping(self, message=None):
        raise NotImplementedError('ping() of a pub/sub connection is not supported here')
    def run_in_thread(self, *args, **kwargs):
        raise NotImplementedError('run_in_thread() is not supported here: call get_message(timeout=...) in a loop')
    def _next(self, timeout):
        if self._connection is None:
            if self.channels:
                self._tell('subscribe', *self.channels.keys())
            if self.patterns:
                self._tell('psubscribe', *self.patterns.keys())
        try:
            return _rw_listen(_rw_known, self._id, self._connection, timeout)
        except Exception:
            self._connection = None
            raise
    def get_message(self, ignore_subscribe_messages=False, timeout=0.0):
        if self._connection is None and not self.subscribed:
            if not self.channels and not self.patterns and timeout is None:
                raise RuntimeError('pubsub connection not set: did you forget to call subscribe() or psubscribe()?')
            if timeout:
                _rw_sleep(_rw_known, timeout)
            return None
        answer = self._next(timeout)
        return None if answer is None else self._handle(answer, ignore_subscribe_messages)
    def listen(self):
        raise NotImplementedError('listen() works only as `for message in p.listen():` here; elsewhere call get_message(timeout=...) in a loop')
    def _listen(self):
        while self.subscribed:
            message = self._handle(self._next(None), False)
            if message is not None:
                return message
        return None
    def _handle(self, answer, ignore):
        kind = answer[0]
        if kind == 'pmessage':
            message = {'type': kind, 'pattern': answer[1], 'channel': answer[2], 'data': answer[3]}
        else:
            message = {'type': kind, 'pattern': None, 'channel': answer[1], 'data': answer[2]}
        if kind == 'unsubscribe' or kind == 'punsubscribe':
            known = self.patterns if kind == 'punsubscribe' else self.channels
            left = (kind.replace('un', ''), answer[1])
            if left in self._leaving:
                self._leaving = [one for one in self._leaving if one != left]
                known.pop(answer[1], None)
            if not self.channels and not self.patterns:
                self.subscribed = False
        if kind == 'message' or kind == 'pmessage':
            handler = (self.patterns if kind == 'pmessage' else self.channels).get(answer[1])
            if handler:
                handler(message)
                return None
            return message
        if ignore or self.ignore_subscribe_messages:
            return None
        return message
