    def pubsub(self, node=None, host=None, port=None, **kwargs):
        if node is None and host:
            node = self.get_node(host, port)
        if node is None:
            node = self._default
        return PubSub(self.get_redis_connection(node), kwargs.get('ignore_subscribe_messages', False))
