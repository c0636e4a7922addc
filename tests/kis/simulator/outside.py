"""A KIS client reduced to bare aiohttp: what the tests see of the simulator is what any client sees."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from kis.simulator.server import Simulator

APP_KEY = "PStestAppKey00000000000000000000001X"
SECRET = "s" * 179 + "="
OTHER_KEY = "PStestAppKey00000000000000000000002Y"
TRADING = "/uapi/overseas-stock/v1/trading/"
QUOTES = "/uapi/overseas-price/v1/quotations/"
ACCOUNT = {"CANO": "50123456", "ACNT_PRDT_CD": "01"}
BUY = {True: "VTTT1002U", False: "TTTT1002U"}
SELL = {True: "VTTT1001U", False: "TTTT1006U"}
CHANGE = {True: "VTTT1004U", False: "TTTT1004U"}


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        value = json.loads(self.text)
        assert isinstance(value, dict)
        return value

    @property
    def code(self) -> str:
        return str(self.body["msg_cd"])

    @property
    def tr_cont(self) -> str:
        return self.headers.get("tr_cont", "")


@dataclass
class Outside:
    """Somebody at the other end of the wire."""

    simulator: Simulator
    http: aiohttp.ClientSession
    virtual: bool
    app_key: str = APP_KEY
    secret: str = SECRET
    token: str = ""
    sockets: list["Line"] = field(default_factory=list)

    async def login(self) -> Self:
        answer = await self.post_oauth("tokenP", appsecret=self.secret, grant_type="client_credentials")
        self.token = answer.body["access_token"]
        return self

    async def post_oauth(self, name: str, **body: str) -> Answer:
        return await self.send("POST", f"/oauth2/{name}", json_body={"appkey": self.app_key, **body})

    async def approve(self) -> str:
        answer = await self.post_oauth("Approval", secretkey=self.secret, grant_type="client_credentials")
        return str(answer.body["approval_key"])

    def headers(self, tr_id: str, tr_cont: str = "") -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.token}",
            "appkey": self.app_key,
            "appsecret": self.secret,
            "tr_id": tr_id,
            "custtype": "P",
            "tr_cont": tr_cont,
        }

    async def send(
        self,
        method: str,
        path: str,
        *,
        json_body: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        url = self.simulator.rest_url + path
        async with self.http.request(method, url, json=json_body, params=params, headers=headers) as response:
            return Answer(response.status, dict(response.headers), await response.text())

    async def get(self, path: str, tr_id: str, *, tr_cont: str = "", **params: str) -> Answer:
        return await self.send("GET", path, params=params, headers=self.headers(tr_id, tr_cont))

    async def post(self, path: str, tr_id: str, **body: str) -> Answer:
        return await self.send("POST", path, json_body=body, headers=self.headers(tr_id))

    async def control(self, path: str, **body: Any) -> dict[str, Any]:
        method = "POST" if body else "GET"
        return (await self.send(method, f"/sim/{path}", json_body=body or None)).body

    # -- the calls most tests need -----------------------------------------------------------------------------------

    async def order(self, side: str, symbol: str, qty: str, price: str, **more: str) -> Answer:
        tr_id = (BUY if side == "buy" else SELL)[self.virtual]
        body = {
            **ACCOUNT,
            "OVRS_EXCG_CD": "NASD",
            "PDNO": symbol,
            "ORD_QTY": qty,
            "OVRS_ORD_UNPR": price,
            "ORD_SVR_DVSN_CD": "0",
            "ORD_DVSN": "00",
            "SLL_TYPE": "" if side == "buy" else "00",
        }
        return await self.post(TRADING + "order", tr_id, **(body | more))

    async def change(self, kind: str, odno: str, symbol: str, qty: str, price: str = "0", **more: str) -> Answer:
        body = {
            **ACCOUNT,
            "OVRS_EXCG_CD": "NASD",
            "PDNO": symbol,
            "ORGN_ODNO": odno,
            "RVSE_CNCL_DVSN_CD": "02" if kind == "cancel" else "01",
            "ORD_QTY": qty,
            "OVRS_ORD_UNPR": price,
            "MGCO_APTM_ODNO": "",
            "ORD_SVR_DVSN_CD": "0",
        }
        return await self.post(TRADING + "order-rvsecncl", CHANGE[self.virtual], **(body | more))

    async def executions(self, *, tr_cont: str = "", **more: str) -> Answer:
        every = "" if self.virtual else "%"
        params = {
            **ACCOUNT,
            "PDNO": every,
            "ORD_STRT_DT": "20260101",
            "ORD_END_DT": "20271231",
            "SLL_BUY_DVSN": "00",
            "CCLD_NCCS_DVSN": "00",
            "OVRS_EXCG_CD": every,
            "SORT_SQN": "DS",
            "ORD_DT": "",
            "ORD_GNO_BRNO": "",
            "ODNO": "",
            "CTX_AREA_NK200": "",
            "CTX_AREA_FK200": "",
        }
        tr_id = "VTTS3035R" if self.virtual else "TTTS3035R"
        return await self.get(TRADING + "inquire-ccnl", tr_id, tr_cont=tr_cont, **(params | more))

    async def open_orders(self, exchange: str = "NASD", **more: str) -> Answer:
        params = {**ACCOUNT, "OVRS_EXCG_CD": exchange, "SORT_SQN": "DS", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        tr_id = "VTTS3018R" if self.virtual else "TTTS3018R"
        return await self.get(TRADING + "inquire-nccs", tr_id, **(params | more))

    async def balance(self, exchange: str = "NASD", **more: str) -> Answer:
        params = {
            **ACCOUNT,
            "OVRS_EXCG_CD": exchange,
            "TR_CRCY_CD": "USD",
            "CTX_AREA_FK200": "",
            "CTX_AREA_NK200": "",
        }
        tr_id = "VTTS3012R" if self.virtual else "TTTS3012R"
        return await self.get(TRADING + "inquire-balance", tr_id, **(params | more))

    async def buyable(self, symbol: str, price: str, exchange: str = "NASD") -> Answer:
        params = {**ACCOUNT, "OVRS_EXCG_CD": exchange, "OVRS_ORD_UNPR": price, "ITEM_CD": symbol}
        return await self.get(TRADING + "inquire-psamount", "VTTS3007R" if self.virtual else "TTTS3007R", **params)

    async def price(self, exchange: str, symbol: str) -> dict[str, str]:
        answer = await self.get(QUOTES + "price", "HHDFS00000300", AUTH="", EXCD=exchange, SYMB=symbol)
        output = answer.body["output"]
        assert isinstance(output, dict)
        return output

    def let_go(self) -> None:
        """Give back the connections of the sockets: closing the session cuts them, and what holds one that is cut off
        warns when it is collected, in whichever test that happens.
        """
        for line in self.sockets:
            line.socket._response.close()

    async def connect(self, path: str = "/tryitout", *, approval: str | None = None) -> "Line":
        socket = await self.http.ws_connect(self.simulator.ws_url + path, autoping=False)
        line = Line(socket, approval if approval is not None else await self.approve())
        self.sockets.append(line)
        return line


@dataclass
class Line:
    """One WebSocket connection."""

    socket: aiohttp.ClientWebSocketResponse
    approval: str
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def register(self, tr_id: str, tr_key: str, *, tr_type: str = "1", **header: str) -> dict[str, Any]:
        message = {
            "header": {
                "approval_key": self.approval,
                "custtype": "P",
                "tr_type": tr_type,
                "content-type": "utf-8",
                **header,
            },
            "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}},
        }
        await self.socket.send_str(json.dumps(message))
        answer = await self.json()
        output = answer["body"].get("output")
        if output:
            self.keys[tr_id] = (output["key"], output["iv"])
        return answer

    async def text(self) -> str:
        message = await self.socket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return str(message.data)

    async def json(self) -> dict[str, Any]:
        value = json.loads(await self.text())
        assert isinstance(value, dict)
        return value

    async def notice(self) -> list[str]:
        """Return the fields of the next private notice."""
        flag, tr_id, count, payload = (await self.text()).split("|", 3)
        assert flag == "1"
        assert count == "001"
        key, iv = self.keys[tr_id]
        decryptor = Cipher(algorithms.AES(key.encode()), modes.CBC(iv.encode())).decryptor()
        padded = decryptor.update(base64.b64decode(payload)) + decryptor.finalize()
        unpadder = PKCS7(128).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode().split("^")

    async def records(self, width: int, *, skip_pings: bool = False) -> list[list[str]]:
        """Return the records of the next plain data frame."""
        text = await self.text()
        while skip_pings and "PINGPONG" in text:
            text = await self.text()
        flag, _, count, payload = text.split("|", 3)
        assert flag == "0"
        fields = payload.split("^")
        assert len(fields) == width * int(count)
        return [fields[n : n + width] for n in range(0, len(fields), width)]
