"""The lines of a bundle: one member of gzip, inflated piece by piece."""

import zlib

from .strict import Wrong

MAX_LINE = 129 * 1024 * 1024  # bytes, its end included
PIECE = 256 * 1024  # bytes


class Lines:
    def __init__(self, file):
        self.file, self.inflate, self.held, self.start = file, zlib.decompressobj(wbits=31), b"", 0

    def more(self):
        """Inflates some more; None where nothing is left."""
        if self.inflate.eof:
            return None
        packed = self.inflate.unconsumed_tail or self.file.read(PIECE)
        try:
            piece = self.inflate.decompress(packed, 4 * PIECE) if packed else b""
        except zlib.error as error:
            raise Wrong("the bundle is damaged, or no gzip: %s" % error)
        if not packed:
            raise Wrong("the bundle ends early")
        return piece

    def next(self):
        """The next line, its end included."""
        pieces, size, piece, start = [], 0, self.held, self.start
        while True:
            end = piece.find(b"\n", start)
            taken = piece[start : end + 1] if end >= 0 else piece[start:]
            pieces.append(taken)
            size += len(taken)
            if size > MAX_LINE:
                raise Wrong("a line is longer than %d bytes" % MAX_LINE)
            if end >= 0:
                self.held, self.start = piece, end + 1
                return b"".join(pieces)
            piece, start = self.more(), 0
            if piece is None:
                raise Wrong("the bundle ends early")

    def end(self):
        """Nothing may follow, neither inflated nor in the file."""
        rest = self.held[self.start :]
        while not rest and not self.inflate.eof:
            rest = self.more()
        if rest or self.inflate.unused_data or self.file.read(1):
            raise Wrong("something follows the last line")
