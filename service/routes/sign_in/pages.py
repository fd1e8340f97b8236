"""The page on which people sign in with a browser; it asks the same routes as everybody."""

from fastapi import APIRouter, Request, Response

from service.http.problems import wanted_language
from service.pages import POLICY, file_of, sign_in_page
from service.routes.dependencies import RunningParts
from service.routes.sign_in.identity import PAGE

router = APIRouter(tags=["identity"], include_in_schema=False)


@router.get(PAGE)
async def show_sign_in(request: Request, parts: RunningParts) -> Response:
    """Sign in, take up the invitation behind the `#`, see to the own passkeys."""
    language = wanted_language(request.headers.get("accept-language"))
    page = sign_in_page(language, provider=parts.settings.oidc_issuer is not None)
    headers = {"Content-Security-Policy": POLICY, "Vary": "Accept-Language"}
    return Response(page, media_type="text/html", headers=headers)


@router.get(f"{PAGE}/passkeys.js")
async def show_script() -> Response:
    """Its script."""
    return Response(file_of("passkeys.js"), media_type="text/javascript")


@router.get(f"{PAGE}/style.css")
async def show_style() -> Response:
    """Its style."""
    return Response(file_of("sign_in.css"), media_type="text/css")
