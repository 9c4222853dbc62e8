"""Child processes that a test plays."""


class FakeProcess:
    """`SpineMetsWidgets.ChildProcess.Process`: remembers what it was told, and says what the test lets it say."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.ends: list[str] = []
        self.onLine = self.onEnded = None

    def start(self, onLine, onEnded):
        self.onLine, self.onEnded = onLine, onEnded

    def send(self, line):
        self.sent.append(line)

    def interrupt(self):
        self.ends.append("interrupt")

    def kill(self):
        self.ends.append("kill")
        self.end(None)

    def wait(self, milliseconds):
        """Nothing goes on by itself."""

    def end(self, status, faults=""):
        """It has ended, if it has not ended before."""
        onEnded, self.onEnded = self.onEnded, None
        if onEnded is not None:
            onEnded(status, faults)


class FakeProcesses:
    """Makes fake processes, and knows them."""

    def __init__(self) -> None:
        self.made: list[FakeProcess] = []

    def __call__(self) -> FakeProcess:
        self.made.append(FakeProcess())
        return self.made[-1]

    def __getitem__(self, index) -> FakeProcess:
        return self.made[index]

    def __len__(self) -> int:
        return len(self.made)
