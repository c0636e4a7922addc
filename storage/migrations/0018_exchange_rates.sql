-- Won per dollar as first told on each New York date: past sums are shown at the rates of their own days.
CREATE TABLE exchange_rates (
    told_on TEXT PRIMARY KEY,
    won_per_dollar TEXT NOT NULL
) STRICT, WITHOUT ROWID;
