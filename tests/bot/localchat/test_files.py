"""telegram-bot-api 8: files."""

from typing import Any

import pytest

from bot.localchat import params
from bot.localchat.api import media
from bot.localchat.images import image_size, mime_type
from tests.bot.localchat.conftest import Api, User, png


async def photo(api: Api, owner: User, content: bytes, **words: Any) -> tuple[int, dict[str, Any]]:
    return await api.upload("sendPhoto", {"photo": content}, chat_id=owner.id, **words)


async def test_a_photo_has_several_sizes_smallest_first_8_2(api: Api, owner: User) -> None:
    _, body = await photo(api, owner, png(1000, 500))
    sizes = body["result"]["photo"]
    assert [(size["width"], size["height"]) for size in sizes] == [(90, 45), (320, 160), (800, 400), (1000, 500)]
    assert len({size["file_id"] for size in sizes}) == len({size["file_unique_id"] for size in sizes}) == 4
    shown = (await owner.messages())[0]
    async with api.http.get(api.base + shown["photo_url"]) as response:
        assert (response.status, response.content_type) == (200, "image/png")


@pytest.mark.parametrize(
    ("content", "description"),
    [
        (b"not a picture", "Bad Request: IMAGE_PROCESS_FAILED"),
        (b"\x89PNG\r\n\x1a\n", "Bad Request: IMAGE_PROCESS_FAILED"),
        (b"\xff\xd8\xff\xe0\0", "Bad Request: IMAGE_PROCESS_FAILED"),
        (png(9_000, 1_001)[:60], "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (png(210, 10), "Bad Request: PHOTO_INVALID_DIMENSIONS"),
    ],
)
async def test_refused_photos_8_2(api: Api, owner: User, content: bytes, description: str) -> None:
    status, body = await photo(api, owner, content)
    assert (status, body["description"]) == (400, description)


async def test_a_photo_over_the_limit_8_2(api: Api, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert media.PHOTO_LIMIT == 10 * 1024 * 1024
    monkeypatch.setattr(media, "PHOTO_LIMIT", 50)
    _, body = await photo(api, owner, png())
    assert "is too big for a photo" in body["description"]


async def test_an_upload_over_the_limit_8_3(api: Api, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert params.UPLOAD_LIMIT == 50 * 1024 * 1024
    monkeypatch.setattr(params, "UPLOAD_LIMIT", 50)
    await api.upload("sendDocument", {"document": bytes(50)}, chat_id=owner.id)
    status, body = await api.upload("sendDocument", {"document": bytes(51)}, chat_id=owner.id)
    assert (status, body["description"]) == (413, "Request Entity Too Large")


async def test_no_file_8_4(api: Api, owner: User) -> None:
    for kind in ("Photo", "Document"):
        expected = f"Bad Request: there is no {kind.lower()} in the request"
        assert await api.refused(f"send{kind}", chat_id=owner.id) == expected
        assert await api.refused(f"send{kind}", chat_id=owner.id, **{kind.lower(): "attach://none"}) == expected
    unknown = await api.refused("sendPhoto", chat_id=owner.id, photo="AgAC")
    assert unknown == "Bad Request: wrong file identifier/HTTP URL specified"
    away = await api.refused("sendPhoto", chat_id=owner.id, photo="https://example.com/a.png")
    assert away == "Bad Request: failed to get HTTP URL content"


async def test_captions_8_5(api: Api, owner: User) -> None:
    _, body = await photo(api, owner, png(), caption="<b>" + "가" * 1024 + "</b>", parse_mode="HTML")
    assert body["result"]["caption_entities"] == [{"type": "bold", "offset": 0, "length": 1024}]
    _, body = await photo(api, owner, png(), caption="가" * 1025)
    assert body["description"] == "Bad Request: message caption is too long"
    _, body = await photo(api, owner, png(), caption="<b>", parse_mode="HTML")
    assert "can't parse entities" in body["description"]


async def test_a_file_id_can_be_used_again_for_its_own_kind_8_6(api: Api, owner: User) -> None:
    _, body = await photo(api, owner, png(400, 200))
    sizes = body["result"]["photo"]
    again = await api.ok("sendPhoto", chat_id=owner.id, photo=sizes[0]["file_id"])
    assert again["photo"] == sizes
    refusal = await api.refused("sendDocument", chat_id=owner.id, document=sizes[0]["file_id"])
    assert refusal == "Bad Request: can't use file of type Photo as Document"
    unique = await api.refused("sendPhoto", chat_id=owner.id, photo=sizes[0]["file_unique_id"])
    assert unique == "Bad Request: wrong file identifier/HTTP URL specified"


async def test_get_file_8_7(api: Api, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    _, body = await api.upload("sendDocument", {"document": b"a,b\n1,2\n"}, chat_id=owner.id)
    file = await api.ok("getFile", file_id=body["result"]["document"]["file_id"])
    assert file["file_path"].startswith("documents/file_")
    async with api.http.get(f"{api.base}/file/bot{api.token}/{file['file_path']}") as response:
        assert await response.read() == b"a,b\n1,2\n"
    async with api.http.get(f"{api.base}/file/bot4242:wrong/{file['file_path']}") as response:
        assert response.status == 401
    assert await api.refused("getFile", file_id="x") == "Bad Request: invalid file_id"
    assert media.DOWNLOAD_LIMIT == 20 * 1024 * 1024
    monkeypatch.setattr("bot.localchat.api.files.DOWNLOAD_LIMIT", 7)
    big = await api.refused("getFile", file_id=body["result"]["document"]["file_id"])
    assert big == "Bad Request: file is too big"


async def test_media_groups_8_8(api: Api, owner: User) -> None:
    album = [{"type": "photo", "media": "attach://a"}, {"type": "photo", "media": "attach://b", "caption": "둘"}]
    status, body = await api.upload("sendMediaGroup", {"a": png(), "b": png(5, 5)}, chat_id=owner.id, media=album)
    assert status == 200
    assert len({message["media_group_id"] for message in body["result"]}) == 1
    assert body["result"][1]["caption"] == "둘"
    mixed = [{"type": "photo", "media": "attach://a"}, {"type": "document", "media": "attach://b"}]
    status, body = await api.upload("sendMediaGroup", {"a": png(), "b": b"x"}, chat_id=owner.id, media=mixed)
    assert status == 400
    for wrong in ("{", "{}", [], album * 6):
        assert (await api.upload("sendMediaGroup", {"a": png(), "b": png()}, chat_id=owner.id, media=wrong))[0] == 400
    assert len(await owner.messages()) == 2


@pytest.mark.parametrize("kind", ["animation", "audio", "video", "voice"])
async def test_other_files(api: Api, owner: User, kind: str) -> None:
    status, body = await api.upload(f"send{kind.capitalize()}", {kind: b"data"}, chat_id=owner.id)
    assert (status, body["result"][kind]["duration"]) == (200, 0)


async def test_files_from_people_are_checked(owner: User) -> None:
    async with owner.http.post(f"{owner.base}/user/photo", json={}) as response:
        assert response.status == 400
    async with owner.http.post(f"{owner.base}/user/photo", data={"file": "text"}) as response:
        assert response.status == 400
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with owner.http.post(
        f"{owner.base}/user/photo", data=b"--x\r\nbad\r\n\r\n--x--", headers=headers
    ) as response:
        assert response.status == 400
    async with owner.http.get(f"{owner.base}/user/file/none") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("content", "size", "mime"),
    [
        (png(7, 9), (7, 9), "image/png"),
        (b"GIF89a\x07\0\x09\0", (7, 9), "image/gif"),
        (b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc0\0\x0b\x08\0\x09\0\x07\x01", (7, 9), "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x06\0\0\x08\0\0", (7, 9), "image/webp"),
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x06\0\x02\0", (7, 9), "image/webp"),
        (b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\0\0\0\x07\0\x09\0", (7, 9), "image/webp"),
        (b"RIFF\0\0\0\0WEBPVP9 ", None, "image/webp"),
        (b"\xff\xd8\xff\xe0\0\x04ab", None, "image/jpeg"),
        (b"\xff\xd8\xff\xe0\0\x04abxx" + b"\0" * 9, None, "image/jpeg"),
        (b"GIF89a\x07", None, "image/gif"),
        (b"%PDF-1.7", None, "application/pdf"),
        (b"", None, "application/octet-stream"),
    ],
)
def test_pictures_are_known_by_their_first_bytes(content: bytes, size: tuple[int, int] | None, mime: str) -> None:
    assert (image_size(content), mime_type(content)) == (size, mime)
