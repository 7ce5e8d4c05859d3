    def pipeline(self, transaction=True, shard_hint=None):
        return _rw_Pipeline(self, transaction, shard_hint)
