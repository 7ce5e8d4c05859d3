_rw_level = [30]
def _rw_log(name, level, message, args):
    if level >= _rw_level[0]:
        word = {10: 'DEBUG', 20: 'INFO', 30: 'WARNING', 40: 'ERROR', 50: 'CRITICAL'}.get(level, str(level))
        print(word + ':' + name + ':' + (str(message) % args if args else str(message)))
class Logger:
    def __init__(self, name):
        self.name = name
    def setLevel(self, level):
        _rw_level[0] = level if type(level) is int else {'DEBUG': 10, 'INFO': 20, 'WARNING': 30, 'ERROR': 40, 'CRITICAL': 50}[level]
    def debug(self, message, *args, exc_info=None):
        _rw_log(self.name, 10, message, args)
    def info(self, message, *args, exc_info=None):
        _rw_log(self.name, 20, message, args)
    def warning(self, message, *args, exc_info=None):
        _rw_log(self.name, 30, message, args)
    def error(self, message, *args, exc_info=None):
        _rw_log(self.name, 40, message, args)
    def exception(self, message, *args):
        _rw_log(self.name, 40, message, args)
    def critical(self, message, *args, exc_info=None):
        _rw_log(self.name, 50, message, args)
_rw_Logger = Logger
def _rw_getLogger(name='root'):
    return _rw_Logger(name)
_rw_root = Logger('root')
def _rw_basicConfig(level=30, **kwargs):
    _rw_root.setLevel(level)
_rw_module_logging = type('logging', (), {'getLogger': _rw_getLogger, 'basicConfig': _rw_basicConfig, 'debug': _rw_root.debug, 'info': _rw_root.info, 'warning': _rw_root.warning, 'error': _rw_root.error, 'exception': _rw_root.exception, 'critical': _rw_root.critical, 'DEBUG': 10, 'INFO': 20, 'WARNING': 30, 'ERROR': 40, 'CRITICAL': 50})
