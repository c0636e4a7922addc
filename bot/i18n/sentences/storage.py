"""What the storage says."""

SENTENCES = {
    "ticket.used": "That button has been used already.",
    "outbox.unreadable": "An alert left by an earlier version ({kind}) cannot be read. See /orders and /status.",
    "database.not_upgraded": "The database could not be upgraded. The existing data is unchanged.",
    "database.too_new": "A newer version wrote this database. Run the newest version.",
    "instance.locked": (
        "Already running: process {pid}, started {since}. Stop that one first (data directory: {folder})."
    ),
    "database.folder": "It is a folder, not a file.",
    "database.gone": "The file is gone; only its -wal is left.",
    "database.failed_check": "Its check found damage.",
    "database.damage_shown": "Damage showed while it was used.",
    "database.no_copy": "No good copy of it was found.",
    "database.start_empty": (
        "If you keep a copy elsewhere, put it there; if not, just start again: the program begins with an empty"
        " record and compares with the broker (settings changed in the chat, locks, waiting times and past"
        " trades are lost)."
    ),
    "database.copy": "Newest good copy: {copy}",
    "database.use_copy": (
        "Copy {copy} to {path} and start again: what happened since is found by comparing with the broker."
    ),
    "database.damaged": (
        "The database is damaged: {path}. {problem} It is neither made anew nor traded upon. {found}\nWhat to"
        " do: 1) If it is urgent, look at holdings and open orders in the broker's app and sell there. 2) Stop"
        " the program and move {files} to another folder (do not delete them). 3) {then}"
    ),
    "database.unusable": "The database cannot be used: {path}. {problem} Nothing is traded meanwhile.",
    "database.only_wal": "The file is gone; only its -wal is left.",
    "database.empty": "The file is empty.",
    "database.no_database": "It is no database file.",
    "database.no_permission": (
        "It may not be read and written. Give file and folder to the user that runs the program (chown, chmod 600)."
    ),
    "database.no_disk": "The disk failed to read or write. Check the disk and how it is attached.",
    "kept_aside.unreadable": (
        "{count} records of an earlier version could not be read: {names}. They are kept as they were in the"
        " database's table kept_aside. Compare /orders, /positions and /status with the broker's app."
    ),
    "intent.unrecorded": (
        "Order {what} could not be recorded as it was sent. It may have left, so it is kept as one of unknown"
        " outcome and looked for at the broker. Look in the broker's app too. Was the database changed with"
        " another tool?"
    ),
    "intent.reason": "could not be recorded as it was sent, being looked up",
}
