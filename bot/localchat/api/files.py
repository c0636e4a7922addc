"""Files the bot fetches (telegram-bot-api 8.6, 8.7)."""

from bot.localchat.api.media import DOWNLOAD_LIMIT, file_json
from bot.localchat.model import Json
from bot.localchat.params import ApiCall, bad_request
from bot.localchat.world import ChatWorld


def get_file(world: ChatWorld, call: ApiCall) -> Json:
    file_id = call.text("file_id").strip()
    if not file_id:
        raise bad_request("file_id not specified")
    record = world.files.get(file_id)
    if record is None:
        raise bad_request("invalid file_id")
    if record.size > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return file_json(record, with_path=True)


METHODS = {"getFile": get_file}
