"""What this machine can run: its packages and files, and what each study needs of them."""
