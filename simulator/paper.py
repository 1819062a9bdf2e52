"""Papers: small real PDF files. `simulator.press` signs those that are results."""

import unicodedata

from models.documents import Document, DocumentKind, describe


def paper(kind: DocumentKind, number: str, version: int = 1) -> tuple[Document, bytes]:
    """The result paper with that number, or a later version of it: the same bytes every time."""
    lines = (
        f"{_plain(kind.label).upper()} (BAN DIEN TU)",
        f"So: {number}",
        *([f"Ban cap lai lan {version - 1}"] if version > 1 else []),
        "Ky so: CO QUAN MO PHONG - KHONG CO GIA TRI PHAP LY",
    )
    content = _pdf(f"{kind.label} (bản mô phỏng)", lines)
    return describe(kind, f"{kind.value}.pdf", content), content


def _plain(text: str) -> str:
    """The text as the standard PDF fonts can show it: they have no Vietnamese letters (the document title has them)."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return decomposed.encode("ascii", "ignore").decode("ascii")


def _pdf(title: str, lines: tuple[str, ...]) -> bytes:
    """A one-page PDF 1.4 file (ISO 32000-1) with lines of ASCII text."""
    shown = "".join(f"({line}) Tj 0 -24 Td " for line in lines)
    page = f"BT /F1 14 Tf 60 760 Td {shown}ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R"
        b" /Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Title <FEFF%s> >>" % title.encode("utf-16-be").hex().upper().encode("ascii"),
    )
    file = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return file + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(objects), len(file))
    )
