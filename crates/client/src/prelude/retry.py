class NoBackoff:
    def __init__(self):
        self.delay = ('constant', 0.0, 0.0)
class ConstantBackoff:
    def __init__(self, backoff):
        self.delay = ('constant', backoff, backoff)
class ExponentialBackoff:
    def __init__(self, cap=0.512, base=0.008):
        self.delay = ('exponential', cap, base)
class FullJitterBackoff:
    def __init__(self, cap=0.512, base=0.008):
        self.delay = ('full', cap, base)
class EqualJitterBackoff:
    def __init__(self, cap=0.512, base=0.008):
        self.delay = ('equal', cap, base)
class ExponentialWithJitterBackoff:
    def __init__(self, cap=0.512, base=0.008):
        self.delay = ('jitter', cap, base)
class Retry:
    def __init__(self, backoff, retries, supported_errors=None):
        self.delay = backoff.delay
        self.retries = retries
_rw_backoffs = {'NoBackoff': NoBackoff, 'ConstantBackoff': ConstantBackoff, 'ExponentialBackoff': ExponentialBackoff, 'FullJitterBackoff': FullJitterBackoff, 'EqualJitterBackoff': EqualJitterBackoff, 'ExponentialWithJitterBackoff': ExponentialWithJitterBackoff}
_rw_Retry = Retry
