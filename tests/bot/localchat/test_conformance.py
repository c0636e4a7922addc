"""Every row of telegram-bot-api and the tests that prove it; a row without one, or a name without a test, fails here.

A row that cannot be had on one machine stands in NOT_HERE with its reason, and in `docs/local-chat.md` for readers.
"""

import ast
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "local-chat.md"

# The rows of each section; sections 2, 5 and 10 have no numbers, so their lines go by name.
ROWS = frozenset(
    [f"1.{row}" for row in range(1, 8)]
    + [f"3.{row}" for row in range(1, 13)]
    + [f"4.{row}" for row in range(1, 14)]
    + [f"6.{row}" for row in range(1, 12)]
    + [f"7.{row}" for row in range(1, 11)]
    + [f"8.{row}" for row in range(1, 10)]
    + [f"9.{row}" for row in range(1, 14)]
    + [
        "2 User",
        "2 Chat",
        "2 Message",
        "2 CallbackQuery",
        "2 InaccessibleMessage",
        "2 PhotoSize",
        "2 Document / File",
        "2 MessageEntity",
        "2 ChatFullInfo",
        "2 ChatMemberUpdated",
        "2 WebhookInfo",
        "2 MessageReactionUpdated",
        "2 Update",
        "2 message ids",
        "5 units and order",
        "5 HTML tags",
        "5 HTML attributes",
        "5 HTML character references",
        "5 HTML text",
        "5 HTML errors",
        "5 HTML oddities",
        "5 MarkdownV2 marks",
        "5 MarkdownV2 escapes",
        "5 MarkdownV2 code, pre and links",
        "5 MarkdownV2 errors",
        "5 legacy Markdown",
        "5 automatic entities",
        "5 nesting",
        "4 order of mistakes",
        "10 type, command, photo, document, several users",
        "10 tap and reply keyboard",
        "10 see each chat",
        "10 see how a callback was answered",
        "10 block and unblock",
        "10 faults",
        "10 expire a query",
        "10 list of calls",
        "10 reset and restart",
        "10 loopback and made-up tokens",
    ]
)

PROOFS: dict[str, str] = {
    "1.1": "transport: method_names_have_no_case; transport: wrong_tokens_methods_and_paths; files: get_file_8_7",
    "1.2": "transport: parameters_come_in_every_documented_way",
    "1.3": "transport: attached_and_named_parts_are_files; aiogram: every_answer_fits_aiograms_models",
    "1.4": "transport: booleans; updates: limit",
    "1.5": "transport: wrong_tokens_methods_and_paths; sending: too_many_messages_4_10",
    "1.6": "sending: refusals_of_send_message; refusals: refusals",
    "1.7": "user_side: slow_and_garbage; aiogram: errors_raise_the_right_exceptions",
    "2 User": "aiogram: every_answer_fits_aiograms_models",
    "2 Chat": "aiogram: every_answer_fits_aiograms_models",
    "2 Message": "aiogram: every_answer_fits_aiograms_models; sending: replies_4_8",
    "2 CallbackQuery": "aiogram: a_dispatcher_answers_commands_and_presses",
    "2 InaccessibleMessage": "keyboards: a_press_on_a_deleted_message_is_inaccessible",
    "2 PhotoSize": "files: a_photo_has_several_sizes_smallest_first_8_2",
    "2 Document / File": "files: get_file_8_7; aiogram: every_answer_fits_aiograms_models",
    "2 MessageEntity": "formatting: html; formatting: explicit_entities",
    "2 ChatFullInfo": "account_and_chats: pins_9_5; aiogram: every_answer_fits_aiograms_models",
    "2 ChatMemberUpdated": "updates: blocking_and_unblocking_are_told; models: every_place_of_the_bot_in_a_group_fits",
    "2 WebhookInfo": "updates: delete_webhook_can_empty_the_queue; aiogram: every_answer_fits_aiograms_models",
    "2 MessageReactionUpdated": "updates: reactions_come_only_when_asked_for",
    "2 Update": "aiogram: a_dispatcher_answers_commands_and_presses",
    "2 message ids": "sending: message_ids_are_shared_by_private_chats",
    "3.1": "updates: updates_come_again_until_an_offset_confirms_them; updates: a_negative_offset_keeps_the_end",
    "3.2": "updates: limit; updates: a_poll_is_answered_as_soon_as_something_arrives",
    "3.3": "aiogram: a_dispatcher_answers_commands_and_presses",
    "3.4": "updates: allowed_updates_are_remembered_and_applied_on_creation",
    "3.5": "updates: a_second_poll_ends_the_first_with_409",
    "3.6": "updates: no_polling_while_a_webhook_is_set",
    "3.7": "updates: a_hurried_poll_is_held_and_gets_one_update_3_7",
    "3.8": "updates: the_first_update_id_is_no_small_number_3_8",
    "3.9": "updates: old_updates_are_dropped_presses_first; inline: late_and_unknown_answers",
    "3.10": "updates: delete_webhook_can_empty_the_queue",
    "3.11": (
        "updates: a_person_edits_a_message; updates: reactions_come_only_when_asked_for; "
        "inline: a_query_is_asked_answered_and_chosen; account_and_chats: drafts_9_9"
    ),
    "3.12": "updates: blocking_and_unblocking_are_told",
    "4 order of mistakes": "sending: order_of_mistakes",
    "4.1": "sending: refusals_of_send_message",
    "4.2": "sending: refusals_of_send_message",
    "4.3": "sending: length_is_counted_after_parsing_in_code_points_4_3",
    "4.4": "sending: refusals_of_send_message",
    "4.5": "sending: chats_the_bot_cannot_write_to_4_5",
    "4.6": "sending: a_person_who_blocked_the_bot_4_6",
    "4.7": "sending: a_deleted_account_4_7",
    "4.8": "sending: replies_4_8",
    "4.9": "sending: white_space_is_trimmed_and_entities_move_4_9",
    "4.10": "sending: too_many_messages_4_10",
    "4.11": (
        "sending: a_group_takes_twenty_a_minute_edits_count_and_answers_do_not_4_11; "
        "sending: the_limit_over_all_chats; sending: too_many_messages_4_10"
    ),
    "4.12": "sending: paid_messages_have_a_limit_of_their_own_4_12",
    "4.13": "sending: flags_come_back_4_13",
    "5 units and order": "formatting: html; formatting: any_source_parses_or_is_refused_and_offsets_fit",
    "5 HTML tags": "formatting: html",
    "5 HTML attributes": "formatting: html",
    "5 HTML character references": "formatting: html",
    "5 HTML text": "formatting: html; formatting: html_errors",
    "5 HTML errors": "formatting: html_errors",
    "5 HTML oddities": "formatting: html",
    "5 MarkdownV2 marks": "formatting: markdown_v2",
    "5 MarkdownV2 escapes": "formatting: markdown_v2_reserved_characters",
    "5 MarkdownV2 code, pre and links": "formatting: markdown_v2",
    "5 MarkdownV2 errors": "formatting: markdown_v2_errors",
    "5 legacy Markdown": "formatting: legacy_markdown",
    "5 automatic entities": "formatting: automatic_entities; formatting: no_automatic_entities_in_code_and_links",
    "5 nesting": "formatting: styles_are_kept_out_of_code_and_cut_at_borders",
    "6.1": "keyboards: buttons_come_back_as_sent_6_1",
    "6.2": "keyboards: refused_buttons_6_2_to_6_5",
    "6.3": "keyboards: refused_buttons_6_2_to_6_5",
    "6.4": "keyboards: broken_markup_6_4",
    "6.5": "keyboards: refused_buttons_6_2_to_6_5",
    "6.6": "keyboards: a_reply_keyboard_shows_to_the_person_only_and_forbids_edits_6_6",
    "6.7": "keyboards: a_press_brings_the_message_as_it_is_now_6_7",
    "6.8": "keyboards: answers_are_seen_by_the_person_6_8; refusals: refusals",
    "6.9": "keyboards: late_double_and_unknown_answers_6_9",
    "6.10": "keyboards: late_double_and_unknown_answers_6_9",
    "6.11": "keyboards: two_presses_are_two_queries_and_one_can_come_twice_6_11",
    "7.1": "editing: an_edit_without_keyboard_removes_it_7_1",
    "7.2": "editing: an_edit_that_changes_nothing_7_2",
    "7.3": "editing: an_unknown_or_deleted_message_7_3",
    "7.4": (
        "editing: only_own_messages_can_be_edited_7_4; "
        "keyboards: a_reply_keyboard_shows_to_the_person_only_and_forbids_edits_6_6"
    ),
    "7.5": "editing: text_and_caption_are_not_the_same_7_5",
    "7.6": "editing: too_long_in_an_edit_7_6",
    "7.7": "editing: media_can_be_swapped_and_put_into_a_text_7_7",
    "7.8": "editing: a_bot_edits_its_own_messages_at_any_age_7_8",
    "7.9": "editing: deleting_7_9; account_and_chats: in_a_group_others_messages_need_rights_to_delete",
    "7.10": "editing: deleting_many_skips_missing_ones_7_10",
    "8.1": "transport: attached_and_named_parts_are_files; files: a_file_id_can_be_used_again_for_its_own_kind_8_6",
    "8.2": (
        "files: a_photo_has_several_sizes_smallest_first_8_2; files: refused_photos_8_2; "
        "files: a_photo_over_the_limit_8_2"
    ),
    "8.3": "files: an_upload_over_the_limit_8_3",
    "8.4": "files: no_file_8_4",
    "8.5": "files: captions_8_5",
    "8.6": "files: a_file_id_can_be_used_again_for_its_own_kind_8_6",
    "8.7": "files: get_file_8_7",
    "8.8": "files: media_groups_8_8",
    "8.9": "updates: a_file_from_a_person_comes_with_ids_only",
    "9.1": "transport: wrong_tokens_methods_and_paths",
    "9.2": "account_and_chats: chat_actions_9_2",
    "9.3": "account_and_chats: refused_commands_9_3; account_and_chats: lists_are_kept_per_scope_and_language_9_3",
    "9.4": (
        "account_and_chats: the_menu_is_the_first_list_that_exists_9_4; "
        "account_and_chats: scopes_that_do_not_work_in_private_chats_9_4"
    ),
    "9.5": "account_and_chats: pins_9_5",
    "9.6": "account_and_chats: reactions_9_6",
    "9.7": "account_and_chats: menu_button_9_7",
    "9.8": "account_and_chats: a_deep_link_arrives_as_a_start_command_9_8",
    "9.9": "account_and_chats: drafts_9_9",
    "9.10": "rich: blocks_come_back_and_are_shown; rich: impossible_rich_messages",
    "9.11": "account_and_chats: topics_in_a_private_chat_only_where_the_bot_has_them_9_11",
    "9.13": "sending: a_bot_writes_to_no_bot_and_never_hears_itself_9_13",
    "10 type, command, photo, document, several users": (
        "updates: a_file_from_a_person_comes_with_ids_only; account_and_chats: strangers_have_their_own_chats"
    ),
    "10 tap and reply keyboard": (
        "keyboards: a_press_brings_the_message_as_it_is_now_6_7; refusals: keyboards_a_person_sees"
    ),
    "10 see each chat": (
        "user_side: messages_have_the_promised_fields; user_side: events_show_messages_answers_and_typing"
    ),
    "10 see how a callback was answered": "keyboards: answers_are_seen_by_the_person_6_8",
    "10 block and unblock": "updates: blocking_and_unblocking_are_told",
    "10 faults": (
        "user_side: fault_error; user_side: timeouts_lose_the_request_or_the_answer; user_side: slow_and_garbage; "
        "user_side: down_cuts_every_connection_until_it_is_cleared; gate: a_refusal_meets_only_the_chat_it_names; "
        "gate: a_call_and_its_answer_can_be_rewritten"
    ),
    "10 expire a query": "keyboards: late_double_and_unknown_answers_6_9",
    "10 list of calls": "user_side: calls_are_listed_without_the_token",
    "10 reset and restart": "user_side: reset_forgets_everything; user_side: the_chat_goes_on_after_a_restart",
    "10 loopback and made-up tokens": (
        "transport: pages_of_other_sites_are_refused; transport: a_token_of_the_real_shape_is_taken_but_noticed; "
        "transport: the_simulator_must_be_on_this_machine"
    ),
}

NOT_HERE: dict[str, str] = {
    "9.12": "Mini Apps need a page behind HTTPS and Telegram's own app around it",
}


def _named() -> dict[str, set[str]]:
    """Return the tests of each file of this room, without `test_`."""
    found: dict[str, set[str]] = {}
    for path in HERE.glob("test_*.py"):
        nodes = ast.parse(path.read_text(encoding="utf-8")).body
        functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        found[path.stem.removeprefix("test_")] = {node.name.removeprefix("test_") for node in functions}
    return found


def test_every_row_is_proved_or_said_to_be_missing() -> None:
    assert set(PROOFS) | set(NOT_HERE) == ROWS
    assert set(PROOFS) & set(NOT_HERE) == set()


def test_what_is_named_as_proof_exists() -> None:
    named = _named()
    proofs = [proof.split(": ") for listed in PROOFS.values() for proof in listed.split("; ")]
    assert [f"{file}: {test}" for file, test in proofs if test not in named.get(file, set())] == []


def test_what_is_missing_is_told_to_readers() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for row in NOT_HERE:
        assert f"| {row} |" in text, row
