"""What the product promises, checked; `builders` and `pictures` serve every room."""
