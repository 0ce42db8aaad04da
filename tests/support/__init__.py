"""What tests share: made-up data, stand-ins, independent references."""
