"""What the owner can do about a refusal: one Korean and one English sentence per cause (rows S107-S113)."""

from enum import Enum

from strategy.model import Text


class Cause(Enum):
    """Why KIS said no, as far as a person can act on it."""

    KEY = Text(
        "앱키를 KIS 가 알지 못합니다. APP_KEY 를 확인하고, KIS Developers 에서 서비스를 신청했는지 보세요.",
        "KIS does not know this app key. Check APP_KEY, and that the service has been applied for at KIS Developers.",
    )
    SECRET = Text(
        "앱시크릿이 앱키와 맞지 않습니다. APP_SECRET 을 다시 복사하세요.",
        "The app secret does not fit the app key. Copy APP_SECRET again.",
    )
    ENVIRONMENT = Text(
        "실전과 모의투자의 키, 주소, 거래가 섞였습니다. IS_VIRTUAL 과 APP_KEY 가 같은 환경인지 확인하세요.",
        "Real and virtual keys, hosts or calls are mixed. Check that IS_VIRTUAL and APP_KEY belong together.",
    )
    SERVICE = Text(
        "이 서비스를 쓸 권한이 없습니다. KIS Developers 에서 해외주식 API 를 신청했는지 확인하세요.",
        "No permission for this service. Check that the overseas-stock API has been applied for at KIS Developers.",
    )
    TOKEN = Text(
        "접근토큰이 만료되었거나 폐기되었습니다. 자동으로 다시 발급합니다.",
        "The access token has expired or was revoked. A new one is being issued.",
    )
    TOKEN_RATE = Text(
        "접근토큰은 1분에 한 번만 발급됩니다. 잠시 기다립니다.",
        "Access tokens are issued once a minute only. Waiting.",
    )
    RATE = Text(
        "초당 호출 한도를 넘었습니다. 같은 앱키를 쓰는 다른 프로그램이 있으면 끄세요.",
        "The calls-per-second limit was exceeded. Stop other programs that use the same app key.",
    )
    LEDGER_RATE = Text(
        "계좌 조회는 1초에 한 번 정도만 됩니다.",
        "Account inquiries are limited to about one a second.",
    )
    GATEWAY = Text(
        "KIS 서버에 일시적인 문제가 있습니다.",
        "KIS has a temporary problem.",
    )
    ASK_AGAIN = Text(
        "KIS 가 처리 결과를 알려 주지 못했습니다. 주문 내역을 확인합니다.",
        "KIS could not tell the outcome. The order list is being checked.",
    )
    BLOCKED = Text(
        "KIS 가 이 인터넷 주소를 막았을 수 있습니다. 접속을 줄이고 기다린 뒤, 계속되면 KIS 에 문의하세요.",
        "KIS may have blocked this internet address. Wait, and ask KIS if it persists.",
    )
    REQUEST = Text(
        "KIS 가 요청 형식을 거부했습니다. 프로그램의 문제이니 /logs 와 함께 알려 주세요.",
        "KIS refused the form of the request. That is a fault of this program: please report it with /logs.",
    )
    ACCOUNT = Text(
        "계좌번호가 이 앱키의 계좌와 맞지 않거나 해외주식 거래가 되지 않는 계좌입니다. ACCOUNT_NO 를 확인하세요.",
        "The account number does not belong to this app key, or the account cannot trade. Check ACCOUNT_NO.",
    )
    ACCOUNT_ENDED = Text(
        "주문할 수 없는 모의투자 계좌입니다. 참가 기간이 끝났는지 확인하고 다시 신청하세요.",
        "This virtual account cannot place orders. Check whether its contest period has ended and apply again.",
    )
    CORPORATE = Text(
        "법인 또는 특정 주소만 쓸 수 있는 설정입니다. 개인 계좌의 키인지 확인하세요.",
        "This is limited to companies or to certain addresses. Check that the key belongs to a personal account.",
    )
    HOURS = Text(
        "지금은 주문 시간이 아닙니다. 정규장은 뉴욕 시간 09:30-16:00 입니다. /calendar 를 보세요.",
        "The market does not take orders now. Regular hours are 09:30-16:00 New York time; see /calendar.",
    )
    RESERVATION_HOURS = Text(
        "예약주문 시간이 아닙니다 (한국 시간 10:00-23:20, 미국 서머타임에는 22:20 까지).",
        "Reserved orders are taken 10:00-23:20 Korean time (until 22:20 in US summer time).",
    )
    SYMBOL = Text(
        "이 종목은 거래할 수 없거나 시장이 틀렸습니다. 시장:티커 를 확인하세요. 모의투자는 일부 종목만 됩니다.",
        "This ticker cannot be traded, or its market is wrong. Check MARKET:TICKER; virtual trades only some tickers.",
    )
    CASH = Text(
        "주문가능금액이 부족합니다. 수량이나 가격을 낮추거나 입금하세요.",
        "Not enough buying power. Lower the quantity or price, or deposit money.",
    )
    QUANTITY = Text(
        "주문할 수 있는 수량을 넘었습니다. 보유 수량과 미체결 주문을 확인하세요.",
        "More than the orderable quantity. Check the holding and the open orders.",
    )
    NOTHING_LEFT = Text(
        "정정하거나 취소할 수량이 없습니다. 이미 체결되었을 수 있어 확인합니다.",
        "Nothing is left to amend or cancel. It may have filled already; checking.",
    )
    TICK = Text(
        "가격이 호가 단위에 맞지 않습니다 ($1 이상 0.01, 미만 0.0001).",
        "The price is off the tick ($0.01 from $1 up, $0.0001 below).",
    )
    PRICE = Text("주문 가격이 거부되었습니다. 가격을 확인하세요.", "The order price was refused. Check the price.")
    ORDER_TYPE = Text(
        "이 주문 유형은 받지 않습니다. 미국 정규장에는 시장가 주문이 없습니다.",
        "This order type is not taken. US regular trading has no market order.",
    )
    ENTITLEMENT = Text(
        "레버리지 상품 교육 이수나 기본예탁금이 필요합니다. KIS 에서 먼저 등록하세요.",
        "Leveraged-product education or a basic deposit is missing. Register with KIS first.",
    )
    NOT_OFFERED = Text("모의투자에서 제공되지 않는 기능입니다.", "The virtual environment does not offer this.")
    NETWORK = Text(
        "KIS 서버에 연결하지 못했습니다. 인터넷, 방화벽, REST_URL_BASE 를 확인하세요.",
        "KIS cannot be reached. Check internet, firewall and REST_URL_BASE.",
    )
    OTHER = Text("증권사가 요청을 거부했습니다.", "The broker refused the request.")
    NONE = Text("", "")
