-- What a person made of an order afterwards: fewer shares by an amend, or one placed by hand that the bot watches over.
ALTER TABLE orders ADD COLUMN working_qty INTEGER CHECK (working_qty > 0);
ALTER TABLE orders ADD COLUMN adopted_by INTEGER;
