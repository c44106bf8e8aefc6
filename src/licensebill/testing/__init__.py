"""What users of the library need to test their own part; of the library only the command uses it, for its stand-in.

* `stores`, `gateways`: what every store and every gateway must do, for the tests of those who write one; `suites` holds
  what both have in common.
* `laws`: what billing code of any make must keep, for the tests of those who have their own.
* `faults`: stores and gateways that fail at chosen calls.
* `machines`: a Hypothesis state machine over a store and a gateway of yours.
* `provider`: a stand-in for a payment provider, over HTTP on this machine; `payments` holds its state.
* `explore`, `simulate`: courses of failures, all the short ones and some long ones; `worlds` holds what they happen in.

None of it needs a test framework; `machines` needs Hypothesis.
"""
