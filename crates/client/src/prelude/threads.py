import asyncio as _rw_asyncio
async def _rw_settle(value):
    kind = type(value)
    if kind is _rw_coroutine or kind is _rw_future:
        return await value
    return value
async def _rw_nobody():
    pass
_rw_coroutine = type(_rw_nobody())
_rw_first = _rw_tick_(_rw_known)
_rw_future = type(_rw_first)
await _rw_first
_rw_first = None
async def _rw_time_sleep(seconds):
    await _rw_sleep_(_rw_known, seconds)
def _rw_plain(value):
    kind = type(value)
    if kind is _rw_coroutine or kind is _rw_future:
        raise RuntimeError('in a program with threads nothing that waits (Redis, sleep, db, storage, mailer) and no function that may wait can be called in __init__, another special method, a lambda or a key function: call it in a function of its own')
    return value
_rw_threads = []
def _rw_called(target):
    words = str(target).split(' ')
    at = {'<function': 1, '<bound': 2}.get(words[0])
    return None if at is None or at >= len(words) else words[at].strip("'>").split('.')[-1]
async def _rw_run_thread(thread):
    await _rw_begin_(_rw_known, thread._number)
    try:
        if thread._target is not None:
            await _rw_settle(thread._target(*thread._args, **thread._kwargs))
    except BaseException as raised:
        raised = _rw_open(raised)
        if type(raised) is not SystemExit:
            print('Exception in thread ' + thread.name + ': ' + _rw_name(type(raised)) + ': ' + str(raised))
    thread._alive = False
    for number in thread._joining:
        _rw_unpark(_rw_known, number)
class Thread:
    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, daemon=None):
        called = _rw_called(target)
        self._target = target
        self._args = args
        self._kwargs = kwargs or {}
        self._number = None
        self._alive = False
        self._joining = []
        self._label = name or called or 'thread'
        self.name = name or ('Thread' if called is None else 'Thread (' + called + ')')
        self.daemon = bool(daemon)
        self.ident = None
    def __repr__(self):
        return '<Thread ' + self.name + '>'
    async def start(self):
        if self._number is not None:
            raise RuntimeError('threads can only be started once')
        self._number = _rw_new_thread(_rw_known)
        self.ident = self._number
        self._alive = True
        _rw_threads.append(self)
        # A gather that fails leaves its other task running: that is how a task is started without waiting for it.
        try:
            await _rw_asyncio.gather(_rw_start_(_rw_known, self._number, self._label), _rw_run_thread(self))
        except RuntimeError:
            pass
    def is_alive(self):
        return self._alive
    async def join(self, timeout=None):
        if self._number is None:
            raise RuntimeError('cannot join thread before it is started')
        if self._alive:
            me = _rw_this_thread(_rw_known)
            self._joining.append(me)
            if not await _rw_park_(_rw_known, timeout):
                self._joining.remove(me)
_rw_Thread = Thread
_rw_main_thread = Thread(name='MainThread')
_rw_main_thread._alive = True
def _rw_current_thread():
    number = _rw_this_thread(_rw_known)
    for thread in _rw_threads:
        if thread._number == number:
            return thread
    return _rw_main_thread
class Event:
    def __init__(self):
        self._flag = False
        self._waiting = []
    def __repr__(self):
        return '<Event ' + ('set' if self._flag else 'unset') + '>'
    def is_set(self):
        return self._flag
    def set(self):
        self._flag = True
        waiting = self._waiting
        self._waiting = []
        for number in waiting:
            _rw_unpark(_rw_known, number)
    def clear(self):
        self._flag = False
    async def wait(self, timeout=None):
        if not self._flag:
            me = _rw_this_thread(_rw_known)
            self._waiting.append(me)
            if not await _rw_park_(_rw_known, timeout):
                self._waiting.remove(me)
                return self._flag
        return True
_rw_Event = Event
class Mutex:
    def __init__(self, again=False):
        self._again = again
        self._owner = None
        self._times = 0
        self._waiting = []
    def __repr__(self):
        return '<' + ('unlocked' if self._owner is None else 'locked') + ' lock>'
    def locked(self):
        return self._owner is not None
    async def acquire(self, blocking=True, timeout=-1):
        me = _rw_this_thread(_rw_known)
        if self._owner is None or (self._again and self._owner == me):
            self._owner = me
            self._times += 1
            return True
        if not blocking:
            return False
        self._waiting.append(me)
        if not await _rw_park_(_rw_known, None if timeout < 0 else timeout):
            self._waiting.remove(me)
            return False
        return True
    async def release(self):
        me = _rw_this_thread(_rw_known)
        if self._owner is None or (self._again and self._owner != me):
            raise RuntimeError('cannot release un-acquired lock' if self._again else 'release unlocked lock')
        self._times -= 1
        if self._times > 0:
            return
        self._owner = None
        if self._waiting:
            self._owner = self._waiting.pop(0)
            self._times = 1
            _rw_unpark(_rw_known, self._owner)
    async def enter_(self):
        return await self.acquire()
    async def exit_(self, kind, raised, traceback):
        await self.release()
_rw_Mutex = Mutex
def _rw_new_lock():
    return _rw_Mutex()
def _rw_new_rlock():
    return _rw_Mutex(True)
_rw_module_threading = type('threading', (), {'Thread': _rw_Thread, 'Event': _rw_Event, 'Lock': _rw_new_lock, 'RLock': _rw_new_rlock, 'current_thread': _rw_current_thread})
async def _rw_join_all():
    for thread in _rw_threads:
        if not thread.daemon:
            await thread.join()
