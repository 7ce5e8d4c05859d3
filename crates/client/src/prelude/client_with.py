    def __enter__(self):
        return self
    def __exit__(self, kind, raised, traceback):
        pass
