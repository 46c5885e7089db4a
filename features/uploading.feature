Feature: Uploading an image
  A customer sends a picture and says what is to be done. The answer is a promise: whatever
  crashes afterwards, the picture will be processed, or its owner told why not.

  Background:
    Given Ada is signed in

  Rule: A picture is accepted with a promise

    Scenario: The system design's own example
      When she uploads a photo with these processing options
        """
        { "resize": "800x600", "watermark": "logo.png" }
        """
      Then she is told "Image uploaded successfully" and gets an image id
      And the image is soon completed

    Scenario: Without processing options the picture is cleaned and re-encoded
      When she uploads a photo that holds a GPS position
      Then the image is soon completed
      And the result holds no GPS position

    Scenario: The watermark may come along with the picture
      When she uploads a photo to be marked with a file of her own
      Then the image is soon completed
      And the mark can be seen in the lower right corner

    Scenario Outline: The content decides what a file is, not its name
      When she uploads a <content> named "<name>"
      Then the image is soon completed
      And the result is a <format>

      Examples:
        | content    | name       | format |
        | PNG photo  | photo.jpg  | png    |
        | JPEG photo | photo.txt  | jpeg   |

    Scenario Outline: What hides in a picture does not come out of it
      When she uploads <hideout>
      Then the image is soon completed
      And nothing of what was hidden is in the result

      Examples:
        | hideout                              |
        | a photo with a program in its notes  |
        | a photo with an archive behind it    |
        | a photo with a web page inside       |

  Rule: What is not a picture, or too much of one, is refused at the door

    Scenario Outline: A file that is refused
      When she uploads <file>
      Then the upload is refused as "<problem>"

      Examples:
        | file                                | problem                |
        | an empty file                       | empty-file             |
        | a text named "photo.png"            | unsupported-media-type |
        | an SVG drawing                      | unsupported-media-type |
        | a PDF                               | unsupported-media-type |
        | a tiny PNG that unfolds to 786464x32 | image-too-large        |
        | a PNG that claims 50000x50000       | image-too-large        |
        | a TIFF that points beyond the disk  | unsupported-media-type |
        | a file of one byte too many         | content-too-large      |

    Scenario Outline: Processing options that cannot be carried out
      When she uploads a photo with the processing options <options>
      Then the upload is refused as "<problem>" at "<pointer>"

      Examples:
        | options                       | problem           | pointer  |
        | {"resize": "0x0"}             | invalid-parameter | /resize  |
        | {"resize": "100000x100000"}   | output-too-large  | /resize  |
        | {"blur": 1000000000}          | invalid-parameter | /blur    |
        | {"format": "exe"}             | invalid-parameter | /format  |
        | {"quality": 101}              | invalid-parameter | /quality |
        | {"sparkle": true}             | unknown-member    | /sparkle |

    Scenario: A watermark that is nowhere to be found
      When she uploads a photo with the processing options {"watermark": "nobody.png"}
      Then the upload is refused as "asset-not-found"

  Rule: What would have to wait too long is refused before it is sent

    Scenario: As many of her tasks wait as may
      Given the workers are paused
      And 3 of her tasks wait, which is as many as may
      When she tries to upload a photo
      Then the upload is refused as "too-many-queued-tasks", to be tried again in 10 seconds

    Scenario: Others are not held up by hers
      Given the workers are paused
      And 3 of her tasks wait, which is as many as may
      And Bert is signed in
      When he uploads a photo
      Then he gets an image id

    Scenario: As many tasks wait as may wait at all
      Given the workers are paused
      And 6 tasks wait, which is as many as may wait at all
      When she tries to upload a photo
      Then the upload is refused as "queue-full", to be tried again in 30 seconds
