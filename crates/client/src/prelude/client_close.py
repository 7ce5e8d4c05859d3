    def close(self):
        pass
