    def execute_command(self, *args, **options):
        return _rw_redis(_rw_known, self._id, 'execute_command', args, options)
