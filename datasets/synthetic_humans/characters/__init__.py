"""People with MakeHuman's bodies, poses from motion capture, photos behind them.

May import what lies above, which it shares with `mannequin/`; of that only the template poses, in
everyday.py.
"""
