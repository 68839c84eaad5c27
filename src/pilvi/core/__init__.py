"""What every part stands on and that knows no cloud word: HTTP, SQL, reconciling."""
