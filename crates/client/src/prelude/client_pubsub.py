    def pubsub(self, **kwargs):
        return PubSub(self, kwargs.get('ignore_subscribe_messages', False))
