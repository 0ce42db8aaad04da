"""People with MakeHuman's bodies, poses from motion capture, photos behind them."""
