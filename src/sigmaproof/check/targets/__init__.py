"""What a target says otherwise than the rule."""
