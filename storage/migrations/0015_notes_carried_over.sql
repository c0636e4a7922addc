-- The notes of these families have been brought into the tables of 0014 by the program (storage/carry_over.py).

INSERT INTO chat_messages (chat_id, kind, of, message_id)
SELECT chat_id, 'order', order_no, message_id FROM order_messages WHERE TRUE
ON CONFLICT (chat_id, kind, of) DO NOTHING;

DROP TABLE order_messages;
