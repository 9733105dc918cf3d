"""Pages that show another page of ours in a frame, as a candidate's screen would: only these, only ours."""

from starlette.responses import Response

POLICY = "content-security-policy"


def showing_frames(page: Response) -> Response:
    """The page may hold frames of this server's."""
    page.headers[POLICY] = f"{page.headers[POLICY]}; frame-src 'self'"
    return page


def for_a_frame(page: Response) -> Response:
    """The page may stand in a frame of this server's pages."""
    page.headers[POLICY] = page.headers[POLICY].replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    return page
