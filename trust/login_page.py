"""The log-in page of the codec server: for browsers, because nobody can type a token in Temporal's Web UI."""

from html import escape

from models.base import Instant
from models.operators import Operator
from models.words import when

CONTENT_POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
"""No script, no picture, nothing from elsewhere, in nobody's frame."""

_PAGE = """<!doctype html>
<html lang="vi">
<head><meta charset="utf-8"><title>Liên thông – xem dữ liệu trong Temporal</title></head>
<body>
<h1>Xem dữ liệu hồ sơ trong giao diện Temporal</h1>
{body}
</body>
</html>
"""

_FORM = """<form method="post" action="/login" autocomplete="off">
<p><label>Token của người vận hành: <input type="password" name="token" size="60" required autofocus></label>
<button>Đăng nhập</button></p>
</form>
<p>Mỗi lần xem đều được ghi vào nhật ký kiểm toán.</p>"""

_LOG_OUT = '<form method="post" action="/decode/logout"><p><button>Đăng xuất</button></p></form>'


def login_form(problem: str = "") -> str:
    """The form; with what was wrong the last time, if anything was."""
    return _PAGE.format(body=f"<p><strong>{escape(problem)}</strong></p>\n{_FORM}" if problem else _FORM)


def logged_in(operator: Operator, until: Instant) -> str:
    """Who has logged in, until when, and what to do in the Web UI."""
    return _PAGE.format(
        body=f"<p>Đã đăng nhập: <strong>{escape(operator.id)}</strong> ({operator.role.label}), "
        f"đến {when(until)}.</p>\n<p>Trong giao diện Temporal: <em>Configure Codec Server</em>, chọn "
        "<em>Use my browser setting…</em>, nhập địa chỉ của trang này (bỏ /login), đánh dấu "
        f"<em>Include cross-origin credentials</em>, lưu, tải lại trang.</p>\n{_LOG_OUT}"
    )


def logged_out() -> str:
    """The session has ended."""
    return _PAGE.format(body=f"<p>Đã đăng xuất.</p>\n{_FORM}")
