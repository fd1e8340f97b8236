"""The keys of the tests' gateway."""

from pydantic import SecretStr

from proof.seals import GatewayKeys
from runtime.seals import ActSigner

GATEWAY_KEY = "5c" * 32
SIGNER = ActSigner(SecretStr(GATEWAY_KEY))
GATEWAY_PUBLIC = SIGNER.public_key
GATEWAY_KEYS = GatewayKeys.read(GATEWAY_PUBLIC)
