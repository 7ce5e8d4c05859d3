    def register_script(self, script):
        return _rw_Script(self, script)
