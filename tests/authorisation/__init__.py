"""Who may do what: the whole application, asked by everybody at every door."""
