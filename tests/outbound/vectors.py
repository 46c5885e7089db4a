"""
URLs by which somebody might have us call what only we can reach.

Each is tried whenever a URL is given or called: see `trial.py`. Names under `bad.example` lead where
`ZONE` says, as a customer's own name server would have it.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import attrs

PUBLIC: Final = "93.184.215.14"
PUBLIC_V6: Final = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class Trick(Enum):
    """What a vector hopes for; the table in docs/outbound.md is by these."""

    SCHEME = "another protocol than HTTP"
    FORM = "two programs that read one URL in two ways"
    NOTATION = "an address in another notation"
    BLOCK = "an address of a special-purpose block"
    WRAPPED = "an IPv4 address inside an IPv6 address"
    METADATA = "a cloud's metadata service"
    NAME = "a name that is local by its nature"
    ANSWER = "a name whose answers lead inside"
    DOOR = "another service of a public host"


@attrs.frozen
class Vector:
    """A URL and what it hopes for."""

    url: str
    trick: Trick

    @property
    def needs_the_answer(self) -> bool:
        """Whether only the name's addresses show what is wrong."""
        return self.trick is Trick.ANSWER

    def __str__(self) -> str:
        return f"{self.trick.name.lower()}: {self.url[:60]!a}"


_URLS: Final[Mapping[Trick, tuple[str, ...]]] = {
    Trick.SCHEME: (
        "file:///etc/passwd",
        "file://127.0.0.1/etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "ftp://127.0.0.1/",
        "dict://127.0.0.1:11211/stats",
        "ldap://127.0.0.1/",
        "tftp://127.0.0.1/x",
        "ssh://127.0.0.1/",
        "ws://127.0.0.1/",
        "unix:///run/docker.sock",
        "data:text/plain,hello",
        "javascript:alert(1)",
        "jar:http://127.0.0.1!/",
        "json://169.254.169.254",
        "syslog://127.0.0.1",
        "//127.0.0.1/",
        "127.0.0.1",
        "",
    ),
    Trick.FORM: (
        "https://user@127.0.0.1/",
        "https://user:password@hooks.bad.example/",
        f"https://{PUBLIC}@127.0.0.1/",
        f"https://127.0.0.1@{PUBLIC}/",
        f"https://{PUBLIC}\\@127.0.0.1/",
        f"https://127.0.0.1\\@{PUBLIC}/",
        f"https://{PUBLIC} @127.0.0.1/",
        f"https://{PUBLIC}#@127.0.0.1\\/",
        "https:\\\\127.0.0.1\\",
        "https:127.0.0.1",
        "https:/127.0.0.1/",
        "https:///127.0.0.1/",
        "https://",
        "https://:443/",
        "https://127.0.0.1:0/",
        "https://127.0.0.1:99999/",
        "https://127.0.0.1:-1/",
        "https://127.0.0.1:443:443/",
        "https://127.0.0.1:x/",
        "https://127.0.0.1\t/",
        "https://127.0.\n0.1/",
        "https://127.0.0.1/ HTTP/1.1\r\nX-Injected: y",
        "https://127.0.0.1/\x7f",
        "https://%31%32%37.0.0.1/",
        "https://127.0.0.1%2f.bad.example/",
        "https://[::1/",
        "https://[::1]x/",
        "https://x[::1]/",
        "https://[v1.x]/",
        "https://[127.0.0.1]/",
        "https://[fe80::1%25lo]/",
        "https://[fe80::1%lo]/",
        "https://[::1]:22:443/",
        "https://127.0.0.1,hooks.bad.example/",
        "https://127.0.0.1;hooks.bad.example/",
        "https://hooks..bad.example/",
        "https://*.bad.example/",
        "https://.bad.example/",
        "https://-.bad.example/",
        "https://" + "a" * 64 + ".bad.example/",
        "https://" + "a." * 126 + "bad.example/",
        "https://hooks.bad.example/" + "a" * 2_048,
    ),
    Trick.NOTATION: (
        "https://127.1/",
        "https://127.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0X7F.0x0.0x0.0x1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://0177.0.0.01/",
        "https://0/",
        "https://127.0.0.1./",
        "https://00000177.0.0.1/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://4294967296/",
        "https://127.0.0.0x1/",
        "https://127.0.0.256/",
        "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
        "https://127\u30020\u30020\u30021/",
        "https://127\uff0e0\uff0e0\uff0e1/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://loc\u00e4lhost/",
        "https://\u2113ocalhost/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    ),
    Trick.BLOCK: (
        "https://0.0.0.0/",
        "https://0.1.2.3/",
        "https://10.0.0.1/",
        "https://10.255.255.255/",
        "https://100.64.0.1/",
        "https://100.127.255.254/",
        "https://127.0.0.1/",
        "https://127.255.255.254:8443/",
        "http://127.0.0.1/",
        "HTTPS://127.0.0.1/",
        "https://169.254.0.1/",
        "https://172.16.0.1/",
        "https://172.31.255.254/",
        "https://192.0.0.1/",
        "https://192.0.2.1/",
        "https://192.31.196.1/",
        "https://192.52.193.1/",
        "https://192.88.99.1/",
        "https://192.168.0.1/",
        "https://192.168.255.254/",
        "https://192.175.48.1/",
        "https://198.18.0.1/",
        "https://198.19.255.254/",
        "https://198.51.100.1/",
        "https://203.0.113.1/",
        "https://224.0.0.1/",
        "https://239.255.255.255/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://[::]/",
        "https://[::1]/",
        "https://[100::1]/",
        "https://[100:0:0:1::1]/",
        "https://[2001:2::1]/",
        "https://[2001:10::1]/",
        "https://[2001:20::1]/",
        "https://[2001:db8::1]/",
        "https://[2620:4f:8000::1]/",
        "https://[3fff::1]/",
        "https://[4000::1]/",
        "https://[5f00::1]/",
        "https://[fc00::1]/",
        "https://[fd00::8]/",
        "https://[fe80::1]/",
        "https://[febf::1]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[ff0e::1]/",
    ),
    Trick.WRAPPED: (
        "https://[::127.0.0.1]/",
        "https://[::7f00:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::ffff:0:127.0.0.1]/",
        "https://[64:ff9b::127.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[64:ff9b:1::127.0.0.1]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[2002:a9fe:a9fe::1]/",
        "https://[2001:0:7f00:1::]/",
        "https://[2001:0:0:0:0:0:80ff:fffe]/",
        "https://[fe80::5efe:127.0.0.1]/",
    ),
    Trick.METADATA: (
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "https://169.254.170.2/v2/credentials",
        "https://100.100.100.200/latest/meta-data/",
        "https://192.0.0.192/opc/v2/instance/",
        "https://168.63.129.16/machine",
        "https://[fd00:ec2::254]/latest/meta-data/",
        "https://[fd20:ce::254]/computeMetadata/v1/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "https://metadata.google.internal/",
        "https://METADATA.GOOGLE.INTERNAL./",
        "https://metadata/",
        "https://instance-data/",
    ),
    Trick.NAME: (
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://anything.localhost/",
        "https://localhost.localdomain/",
        "https://ip6-localhost/",
        "https://database/",
        "https://printer.local/",
        "https://router.home.arpa/",
        "https://secret.onion/",
        "https://database.service.internal/",
        "https://kubernetes.default.svc.cluster.local/",
    ),
    Trick.ANSWER: (
        "https://loopback.bad.example/",
        "https://Loopback.BAD.example/",
        "https://loopback.bad.example./",
        "https://private.bad.example:8443/",
        "https://metadata.bad.example/latest/meta-data/",
        "https://loopback6.bad.example/",
        "https://linklocal6.bad.example/",
        "https://unique6.bad.example/",
        "https://mapped.bad.example/",
        "https://nat64.bad.example/",
        "https://sixtofour.bad.example/",
        "https://teredo.bad.example/",
        "https://zero.bad.example/",
        "https://multicast.bad.example/",
        "https://alias.bad.example/",
        "https://chain.bad.example/",
        "https://mixed.bad.example/",
        "https://mixed-last.bad.example/",
        "https://mixed6.bad.example/",
        "https://split.bad.example/",
        "https://many.bad.example/",
        "https://xn--nxasmq6b.bad.example/",
        "https://_under_score.bad.example/",
        "https://127.0.0.1.bad.example/",
    ),
    Trick.DOOR: (
        f"http://{PUBLIC}/",
        f"http://{PUBLIC}:443/",
        f"https://{PUBLIC}:22/",
        f"https://{PUBLIC}:25/",
        f"https://{PUBLIC}:80/",
        f"https://{PUBLIC}:6379/",
        f"https://[{PUBLIC_V6}]:3306/",
        "http://hooks.bad.example/",
        "https://hooks.bad.example:11211/",
        "https://hooks.bad.example:65535/",
    ),
}

VECTORS: Final = tuple(Vector(url, trick) for trick, urls in _URLS.items() for url in urls)

ZONE: Final[Mapping[str, tuple[str, ...]]] = {
    "hooks.bad.example": (PUBLIC,),
    "loopback.bad.example": ("127.0.0.1",),
    "private.bad.example": ("10.1.1.1",),
    "metadata.bad.example": ("169.254.169.254",),
    "metadata.google.internal": ("169.254.169.254",),
    "loopback6.bad.example": ("::1",),
    "linklocal6.bad.example": ("fe80::1",),
    "unique6.bad.example": ("fd00::8",),
    "mapped.bad.example": ("::ffff:127.0.0.1",),
    "nat64.bad.example": ("64:ff9b::7f00:1",),
    "sixtofour.bad.example": ("2002:7f00:1::1",),
    "teredo.bad.example": ("2001:0:7f00:1::1",),
    "zero.bad.example": ("0.0.0.0",),  # noqa: S104  # nothing is bound to it
    "multicast.bad.example": ("224.0.0.1",),
    "alias.bad.example": ("loopback.bad.example",),
    "chain.bad.example": ("chain1.bad.example",),
    "chain1.bad.example": ("chain2.bad.example",),
    "chain2.bad.example": ("private.bad.example",),
    "mixed.bad.example": (PUBLIC, "10.0.0.1"),
    "mixed-last.bad.example": ("192.168.0.1", PUBLIC),
    "mixed6.bad.example": (PUBLIC_V6, "fd00::8"),
    "split.bad.example": (PUBLIC, "::1"),
    "many.bad.example": (*(f"93.184.215.{number}" for number in range(20, 40)), "127.0.0.1"),
    "xn--nxasmq6b.bad.example": ("127.0.0.1",),
    "_under_score.bad.example": ("127.0.0.1",),
    "127.0.0.1.bad.example": ("127.0.0.1",),
    "*.bad.example": ("127.0.0.1",),
}
"""Names and what they lead to: addresses, or one other name."""
