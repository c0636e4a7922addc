"""The WebSocket side of the server: registrations, public records, private notices (kis-protocol 7)."""

import asyncio
import json
import string
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any, cast

from aiohttp import WSMsgType, web

from kis.simulator.books.accounts import BookFill
from kis.simulator.books.broker import BookNotice, BrokerBooks
from kis.simulator.books.keyring import AppKey, Keyring
from kis.simulator.faults.faults import BadFault, InjectedFault, InjectedFaults
from kis.simulator.market.chance import digits, generator
from kis.simulator.market.listings import BY_QUOTE_CODE, DAY_CODES, Exchange
from kis.simulator.market.market import SimMarket
from kis.simulator.market.tape import Tape, TapePrint
from kis.simulator.options import Served, SimulatorOptions
from kis.simulator.push.frames import BOOK, TRADES, Dates, answer_frame, book_record, notice_frame, trade_record
from kis.simulator.push.notices import encrypt, record
from kis.simulator.push.sockets import Cipher, Socket
from kis.simulator.timeline import Timeline

NOTICES = {Served.REAL: "H0GSCNI0", Served.VIRTUAL: "H0GSCNI9"}
DOMESTIC_NOTICES = {Served.REAL: "H0STCNI0", Served.VIRTUAL: "H0STCNI9"}
ASIAN_BOOK = "HDFSASP1"
Registered = tuple[str, str, str]

SUBSCRIBED: Registered = ("0", "OPSP0000", "SUBSCRIBE SUCCESS")
UNSUBSCRIBED: Registered = ("0", "OPSP0001", "UNSUBSCRIBE SUCCESS")
ALREADY: Registered = ("1", "OPSP0002", "ALREADY IN SUBSCRIBE")
NOT_SUBSCRIBED: Registered = ("1", "OPSP0003", "UNSUBSCRIBE ERROR(not found!)")
TOO_MANY: Registered = ("1", "OPSP0008", "MAX SUBSCRIBE OVER")
OTHER_KEY: Registered = ("1", "OPSP0010", "invalid appkey")
UNKNOWN_APPROVAL: Registered = ("1", "OPSP0011", "invalid approval : NOT FOUND")
BAD_HTS_ID: Registered = ("9", "OPSP0017", "ERROR : htsid가잘못되었습니다")
BAD_TR_ID: Registered = ("9", "OPSP8991", "invalid tr_id")
BAD_TR_KEY: Registered = ("9", "OPSP8992", "invalid tr_key")
BAD_JSON: Registered = ("9", "OPSP8993", "JSON PARSING ERROR : invalid tr_key")
IN_USE: Registered = ("9", "OPSP8996", "ALREADY IN USE appkey")
BAD_TR_TYPE: Registered = ("9", "OPSP8997", "JSON PARSING ERROR : invalid tr_type")
BAD_CUSTTYPE: Registered = ("9", "OPSP8998", "JSON PARSING ERROR : invalid custtype")
NO_TR_KEY: Registered = ("9", "OPSP9990", "JSON PARSING ERROR : tr_key not found")
NO_INPUT: Registered = ("9", "OPSP9991", "JSON PARSING ERROR : input not found")
NO_BODY: Registered = ("9", "OPSP9992", "JSON PARSING ERROR : body not found")
NO_APPROVAL: Registered = ("9", "OPSP9993", "JSON PARSING ERROR : appkey not found")
NO_CUSTTYPE: Registered = ("9", "OPSP9994", "JSON PARSING ERROR : custtype not found")
NO_HEADER: Registered = ("9", "OPSP9996", "JSON PARSING ERROR : header not found")
NOT_JSON: Registered = ("9", "OPSP9999", "JSON PARSING ERROR : invalid json format")


class _Refusal(Exception):
    def __init__(self, code: Registered) -> None:
        super().__init__(code[1])
        self.code = code


class PushServer:
    """All sockets of the server and who listens to what."""

    def __init__(
        self,
        *,
        options: SimulatorOptions,
        keyring: Keyring,
        market: SimMarket,
        broker: BrokerBooks,
        timeline: Timeline,
        faults: InjectedFaults,
        seed: int,
        nudge: Callable[[], None],
    ) -> None:
        self._options = options
        self._nudge = nudge
        self._keyring = keyring
        self._market = market
        self._broker = broker
        self._timeline = timeline
        self._faults = faults
        self._seed = seed
        self._sockets: list[Socket] = []
        self._holders: dict[str, Socket] = {}
        self._lingering: dict[str, int] = {}
        self._listeners: dict[tuple[str, str], list[tuple[Socket, str]]] = {}  # (stream, symbol) -> socket, key
        self._dates = Dates()
        self._serial = 0
        self._held: list[BookNotice] = []  # notices waiting to change places with the next (a fault)
        self._packed: list[BookNotice] = []  # notices waiting to share a frame (a fault)

    # -- connections -------------------------------------------------------------------------------------------------

    async def serve(self, request: web.Request, ws: web.WebSocketResponse) -> None:
        """Live with one connection until it ends."""
        socket = Socket(request, ws, self._options, self._timeline.now_ms)
        self._sockets.append(socket)
        clean = False
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(socket.write(), name="socket writer")
                clean = await self._read(socket)
                writer.cancel()
        finally:
            self._forget(socket, clean=clean)

    async def _read(self, socket: Socket) -> bool:
        """Handle messages; return whether the client said goodbye."""
        while True:
            message = await socket.ws.receive()
            if message.type is WSMsgType.TEXT:
                await self._hear(socket, cast("str", message.data))
            elif message.type is WSMsgType.PING:
                if self._faults.use("ws_ping_drop", self._timeline.now_ms) is not None:
                    socket.abort()
                elif socket.pongs or not socket.silent:
                    await socket.ws.pong(message.data)
            elif message.type is WSMsgType.PONG:
                socket.answered()
            elif message.type is WSMsgType.BINARY:
                socket.send(answer_frame("(null)", "", NOT_JSON))
            else:
                return message.type is WSMsgType.CLOSE

    def _forget(self, socket: Socket, *, clean: bool) -> None:
        self._sockets.remove(socket)
        for listeners in self._listeners.values():
            listeners[:] = [pair for pair in listeners if pair[0] is not socket]
        if socket.key is not None and self._holders.get(socket.key.app_key) is socket:
            del self._holders[socket.key.app_key]
            if not clean and self._options.linger_s:
                self._lingering[socket.key.app_key] = self._timeline.now_ms + round(self._options.linger_s * 1000)
        if socket.approval:
            self._keyring.spend(socket.approval)

    # -- registrations -----------------------------------------------------------------------------------------------

    async def _hear(self, socket: Socket, text: str) -> None:
        if socket.silent:
            return
        tr_id, tr_key = "(null)", ""
        try:
            message = _object(_parse(text), NOT_JSON)
            header = _object(message.get("header"), NO_HEADER)
            if header.get("tr_id") == "PINGPONG":
                socket.answered()
                return
            body = _object(message.get("body"), NO_BODY)
            wish = _object(body.get("input"), NO_INPUT)
            tr_id, tr_key = str(wish.get("tr_id") or "(null)"), str(wish.get("tr_key") or "")
            socket.send(self._register(socket, header, tr_id, tr_key))
        except _Refusal as refusal:
            socket.send(answer_frame(tr_id, tr_key, refusal.code))
            if refusal.code is IN_USE and self._options.close_refused_newcomer:
                await socket.flushed()
                await socket.close()

    def _register(self, socket: Socket, header: dict[str, Any], tr_id: str, tr_key: str) -> str:
        approval = str(header.get("approval_key") or "")
        if not approval:
            raise _Refusal(NO_APPROVAL)
        if "custtype" not in header:
            raise _Refusal(NO_CUSTTYPE)
        if header["custtype"] not in {"P", "B"}:
            raise _Refusal(BAD_CUSTTYPE)
        if header.get("tr_type") not in {"1", "2"}:
            raise _Refusal(BAD_TR_TYPE)
        if not tr_key:
            raise _Refusal(NO_TR_KEY)
        key = self._claim(socket, approval)
        place = (tr_id, tr_key)
        if header["tr_type"] == "2":
            if place not in socket.registered:
                raise _Refusal(NOT_SUBSCRIBED)
            self._unlisten(socket, place)
            return answer_frame(tr_id, tr_key, UNSUBSCRIBED)
        notice = self._check_stream(key, tr_id, tr_key)
        if place in socket.registered:
            raise _Refusal(ALREADY)
        if len(socket.registered) >= self._options.max_registrations:
            raise _Refusal(TOO_MANY)
        cipher = self._new_cipher(key)
        socket.registered[place] = cipher
        if not notice:
            self._listen(socket, place)
        flag = "Y" if notice and self._options.ack_encrypt == "flag" else "N"
        return answer_frame(tr_id, tr_key, SUBSCRIBED, encrypt=flag, output={"iv": cipher.iv, "key": cipher.key})

    def _claim(self, socket: Socket, approval: str) -> AppKey:
        """Return the app key behind an approval key, held by this socket from now on."""
        now = self._timeline.now_ms
        key = self._keyring.by_approval(approval, now)
        if key is None:
            raise _Refusal(UNKNOWN_APPROVAL)
        if socket.key is not None and socket.key is not key:
            raise _Refusal(OTHER_KEY)
        holder = self._holders.get(key.app_key)
        if holder is not None and holder is not socket:
            if self._options.in_use == "refuse_newcomer":
                raise _Refusal(IN_USE)
            holder.abort()
        if holder is None and self._lingering.get(key.app_key, 0) > now:
            raise _Refusal(IN_USE)
        self._holders[key.app_key] = socket
        socket.key, socket.approval = key, approval
        return key

    def _check_stream(self, key: AppKey, tr_id: str, tr_key: str) -> bool:
        """Return whether a stream carries notices; raise for one this key cannot register."""
        if tr_id in {NOTICES[key.environment], DOMESTIC_NOTICES[key.environment]}:
            if not self._keyring.hts_id_fits(key, tr_key):
                raise _Refusal(BAD_HTS_ID)
            return True
        if tr_id not in {TRADES, BOOK, ASIAN_BOOK}:
            raise _Refusal(BAD_TR_ID)
        if tr_key[:1] not in {"D", "R"} or len(tr_key) < 5:
            raise _Refusal(BAD_TR_KEY)
        return False

    def _listen(self, socket: Socket, place: tuple[str, str]) -> None:
        tr_id, tr_key = place
        if socket.key is not None and socket.key.environment is Served.VIRTUAL and not self._options.virtual_ticks:
            return
        code, symbol = tr_key[1:4], tr_key[4:]
        listing = self._market.listings.quoted(code, symbol)
        delivered = code in BY_QUOTE_CODE and (tr_key[0] == "R") is (code in DAY_CODES)
        if listing is None or not delivered or tr_id not in {TRADES, BOOK}:
            return
        self._market.watch(symbol)
        self._nudge()
        self._listeners.setdefault((tr_id, symbol), []).append((socket, tr_key))

    def _unlisten(self, socket: Socket, place: tuple[str, str]) -> None:
        del socket.registered[place]
        tr_id, tr_key = place
        listeners = self._listeners.get((tr_id, tr_key[4:]))
        if listeners is not None:
            listeners[:] = [pair for pair in listeners if pair != (socket, tr_key)]

    def _new_cipher(self, key: AppKey) -> Cipher:
        self._serial += 1
        rng = generator(self._seed, key.app_key, "cipher", self._serial)
        return Cipher(digits(rng, string.ascii_lowercase, 32), digits(rng, "0123456789abcdef", 16))

    # -- public records ----------------------------------------------------------------------------------------------

    def heard(self, tape: Tape, trade: TapePrint) -> None:
        """Tell listeners of a print and of the book it leaves."""
        session = tape.days[trade.day].session
        day_market = not session.pre_open_ms <= trade.at_ms < session.after_close_ms
        symbol = tape.listing.symbol
        stale = self._faults.of_symbol("ws_stale", self._timeline.now_ms, symbol)
        if stale is not None:  # what the stream tells is right and old by its own stamps
            trade = replace(trade, at_ms=trade.at_ms - round(float(stale.details.get("age_s", 900)) * 1000))
        for socket, key in self._listeners.get((TRADES, symbol), ()):
            if (key[0] == "R") is day_market:
                socket.send_record(TRADES, trade_record(key, tape, trade, self._dates, self._options))
        for socket, key in self._listeners.get((BOOK, symbol), ()):
            if (key[0] == "R") is day_market:
                socket.send_record(BOOK, book_record(key, tape, trade.at_ms, self._dates, self._options))

    # -- private notices ---------------------------------------------------------------------------------------------

    def notify(self, notice: BookNotice) -> None:
        """Send a notice to its owner, through the faults in force."""
        now = self._timeline.now_ms
        if self._faults.use("notice_lost", now):
            return
        packed = self._faults.peek("notice_packed", now)
        if packed is not None:
            self._pack(notice, int(packed.details.get("records", 2)))
            return
        if self._faults.use("notice_reorder", now):
            self._held.append(notice)
            self._timeline.at(now + 1000, self._release)
            return
        self._deliver([notice])
        if self._faults.use("notice_duplicate", now):
            self._deliver([notice])
        foreign = self._faults.use("notice_foreign", now) if notice.kind == "accepted" else None
        if foreign is not None:
            self._deliver([notice], self._of_another(foreign))
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for notice in held:
            self._deliver([notice])

    def _pack(self, notice: BookNotice, records: int) -> None:
        """Keep notices until there are so many of them, or for half a second, then send them in one frame."""
        self._packed.append(notice)
        if len(self._packed) >= records:
            self._send_packed()
        elif len(self._packed) == 1:
            self._timeline.after(0.5, self._send_packed)

    def _send_packed(self) -> None:
        packed, self._packed = self._packed, []
        fault = self._faults.use("notice_packed", self._timeline.now_ms)
        if packed:
            self._deliver(packed, lengths=(fault.details.get("lengths") if fault is not None else None) or ())

    def _of_another(self, fault: InjectedFault) -> Callable[[BookNotice], BookNotice]:
        """Return what makes the notice of a fill of somebody else's order, which has the same number by accident."""
        listing = self._market.listings.stock(str(fault.details.get("symbol", "KO")).upper())
        if listing is None:
            raise BadFault("no such ticker")
        qty = int(fault.details.get("qty", 5))

        def other(notice: BookNotice) -> BookNotice:
            side = str(fault.details.get("side") or ("sell" if notice.order.buying else "buy"))
            order = replace(notice.order, listing=listing, side=side, qty=qty, fills=[])
            fill = BookFill(
                number=0, odno=order.odno, account=notice.account.number, symbol=listing.symbol, side=side, qty=qty,
                price=order.price, at_ms=notice.at_ms, day=order.day, fee=Decimal(0), local_fee=Decimal(0),
                realised=Decimal(0), cost=Decimal(0),
            )  # fmt: skip
            return BookNotice(notice.account, order, "filled", notice.at_ms, fill)

        return other

    def _deliver(
        self,
        notices: list[BookNotice],
        change: Callable[[BookNotice], BookNotice] = lambda notice: notice,
        *,
        lengths: Sequence[int] = (),
    ) -> None:
        """Send notices of one account in one frame, each record with as many fields as its kind or `lengths` says."""
        account = notices[0].account
        tr_id = NOTICES[account.environment]
        for socket in list(self._sockets):
            key = socket.key
            if key is None or not self._owns(key, notices[0]):
                continue
            for (registered, hts_id), cipher in socket.registered.items():
                if registered == tr_id:
                    text = "^".join(
                        record(change(notice), hts_id, self._options, length)
                        for notice, length in zip_longest(notices, lengths[: len(notices)])
                    )
                    encrypted = encrypt(text, cipher.key, cipher.iv)
                    socket.send(notice_frame(tr_id, len(notices), encrypted))

    def _owns(self, key: AppKey, notice: BookNotice) -> bool:
        if key.account is None:
            return notice.account is self._broker.main and key.environment is notice.account.environment
        return key.account == notice.account.number

    # -- time and faults ---------------------------------------------------------------------------------------------

    def beat(self, now_ms: int, speed: float) -> None:
        life_ms = self._life_ms(now_ms)
        for socket in list(self._sockets):
            if life_ms is not None and now_ms - socket.opened_ms >= life_ms:
                socket.abort()
                continue
            if socket.silent_until_ms is not None and now_ms >= socket.silent_until_ms:
                socket.unsilence()
            socket.beat(now_ms, speed)

    def next_beat_ms(self) -> int | None:
        beats = [socket.next_beat_ms() for socket in self._sockets]
        life_ms = self._life_ms(self._timeline.now_ms)
        if life_ms is not None:
            beats += [socket.opened_ms + life_ms for socket in self._sockets]
        return min(beats, default=None)

    def _life_ms(self, now_ms: int) -> int | None:
        """Return how long a connection lives while the stream flaps (a fault)."""
        fault = self._faults.peek("ws_flap", now_ms)
        return round(float(fault.details.get("every_s", 8)) * 1000) if fault is not None else None

    def moved(self, symbol: str, exchange: Exchange) -> None:
        """Tell nothing more to those who listen where a ticker is no longer listed."""
        for (_, listened), listeners in self._listeners.items():
            if listened == symbol:
                listeners[:] = [pair for pair in listeners if pair[1][1:4] in {exchange.quote, exchange.day}]

    def drop_all(self) -> int:
        """Cut every connection without a close frame; return how many."""
        sockets = list(self._sockets)
        for socket in sockets:
            socket.abort()
        return len(sockets)

    def silence_all(self, until_ms: int | None, *, pongs: bool = False) -> int:
        """Let every open connection go dead without closing, with `pongs` but for its pongs; return how many."""
        for socket in self._sockets:
            socket.silence(until_ms, pongs=pongs)
        return len(self._sockets)

    def unsilence(self) -> None:
        for socket in self._sockets:
            socket.unsilence()

    def litter(self, count: int) -> None:
        """Send frames no parser should choke on."""
        for socket in self._sockets:
            for n in range(count):
                socket.send(_GARBAGE[n % len(_GARBAGE)])

    async def flush(self, timeout_s: float = 5.0) -> None:
        """Wait until every socket has taken what was queued for it."""
        for socket in list(self._sockets):
            try:
                async with asyncio.timeout(timeout_s):
                    await socket.flushed()
            except TimeoutError:
                socket.abort()

    async def close_all(self) -> None:
        await asyncio.gather(*(socket.close() for socket in list(self._sockets)))

    @property
    def connections(self) -> int:
        return len(self._sockets)

    def subscriptions(self) -> list[dict[str, str]]:
        return [
            {"tr_id": tr_id, "tr_key": tr_key, "app_key": socket.key.app_key[:4] + "…"}
            for socket in self._sockets
            for tr_id, tr_key in socket.registered
            if socket.key is not None
        ]


_GARBAGE = (
    "0|HDFSCNT0|001|DNASTQQQ^TQQQ^4^2026",
    "0|HDFSCNT0|xyz|^^^^",
    "\x00\x01\x02 not a frame",
    '{"header":{"tr_id":"HDFSCNT0"',
    "1|H0GSCNI9|001|this is not base64!",
    "1|H0GSCNI0|001|AAAAAAAAAAAAAAAAAAAAAA==",
    "0|HDFSCNT0|003|DNASTQQQ^TQQQ^4",
    "2|UNKNOWN|001|a^b^c",
    "",
    '{"header":null,"body":[]}',
    "0|HDFSASP0|001|DNASTQQQ^TQQQ^4^20260915^",
    "0||||",
)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _Refusal(BAD_JSON) from error


def _object(value: Any, code: Registered) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Refusal(code)
    return value
